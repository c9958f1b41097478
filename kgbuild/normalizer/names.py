"""The names of a term, with those that writing conventions imply."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kgbuild.normalizer.normal_form import normal_key
from kgbuild.normalizer.phrases import phrase_variants
from kgbuild.normalizer.plurals import plural_name
from kgbuild.records import Term

__all__ = ["MAX_NAME", "SCOPES", "derived_names", "names_of", "scope_code"]

SCOPES = ("preferred", "exact", "abbreviation", "narrow", "related", "broad")
"""What a name is to its term, best first; the position is the code in the lexicon's tables."""

MAX_NAME = 400
"""Names longer than this many characters are left out: no text repeats them word for word."""

_PHENOTYPE = "PhenotypicFeature"
_NOT_INVERTED = re.compile(r"\b(?:and|or|with|without|of|in|due|to|from|by|for)\b|[;:]|\d,\s", re.I)
_NOTE = re.compile(
    r"\s+\((?:disease|disorder|finding|morphologic abnormality|human|qualifier value)\)\Z"
)
_UNSPECIFIED = re.compile(
    r",\s*(?:unspecified|not otherwise specified|not elsewhere classified|"
    r"no especificad[oa]s?|sin otra especificación|"
    r"no clasificad[oa]s? (?:en otra parte|bajo otro concepto)|"
    r"sans (?:autre )?précision|non classée?s? ailleurs|"
    r"nicht näher bezeichnet|anderenorts nicht klassifiziert|"
    r"não especificad[oa]s?|não classificad[oa]s? em outra parte|"
    r"non specificat[oaie]|non classificat[oaie] altrove)\Z",
    re.IGNORECASE,
)


def scope_code(scope: str) -> int:
    """Return the code of a synonym's scope; an unknown one counts as related."""
    return SCOPES.index(scope) if scope in SCOPES else SCOPES.index("related")


def derived_names(name: str) -> Iterator[str]:
    """Yield the natural order of an inverted name, and a name without its type in brackets.

    What a classification adds to say that it says no more ("unspecified") is left out, too.

    >>> list(derived_names("Neoplasms, Breast"))
    ['Breast Neoplasms']
    >>> list(derived_names("Carcinoma, Squamous Cell, Oral"))
    ['Oral Squamous Cell Carcinoma']
    >>> list(derived_names("Anaemia, unspecified")), list(derived_names("Asma, no especificado"))
    (['Anaemia'], ['Asma'])
    >>> list(derived_names("heart, lung and blood"))
    []
    """
    if (specified := _UNSPECIFIED.sub("", name)) != name:
        yield specified
        return
    if plain := _NOTE.sub("", name):
        if plain != name:
            yield plain
        parts = plain.split(", ")
        short = len(parts) in (2, 3) and all(0 < len(p.split()) <= 4 for p in parts)
        if short and not _NOT_INVERTED.search(plain) and not any(map(str.isdigit, parts)):
            yield " ".join(reversed(parts))


def names_of(term: Term) -> Iterator[tuple[str, str, int, bool, str]]:
    """Yield each name of ``term`` once: (key, text, scope code, derived, language)."""
    seen: set[tuple[str, str, str]] = set()
    plain: list[tuple[str, int]] = []
    given = [
        (term.name, 0, ""),
        *((s.text, scope_code(s.scope), s.language) for s in term.synonyms),
    ]
    as_given = {" ".join(text.split()) for text, *_ in given}
    for text, scope, language in given:
        clean = " ".join(text.split())
        if not 0 < len(clean) <= MAX_NAME:
            continue
        if not language:
            plain.append((clean, scope))
        for form in _forms(clean, language):
            key = normal_key(form)
            # A name of two languages is one in each: either may be asked for alone.
            if key and (key, form, language) not in seen:
                seen.add((key, form, language))
                made = form is not clean
                derived = made and form not in as_given
                yield key, form, max(scope, 1) if made else scope, derived, language
    if term.category == _PHENOTYPE:
        yield from _phrases(plain, {key for key, *_ in seen})


def _forms(name: str, language: str) -> Iterator[str]:
    """Yield a name, itself first, and what it is called besides."""
    forms = (name, *(derived_names(name) if "," in name or ")" in name else ()))
    yield from forms
    if language:
        yield from filter(None, (plural_name(form, language) for form in forms))


def _phrases(
    names: list[tuple[str, int]], known: set[str]
) -> Iterator[tuple[str, str, int, bool, str]]:
    """Yield the phrases for a phenotype's names that fold to other keys than it has."""
    exact, related = SCOPES.index("exact"), SCOPES.index("related")
    for name, scope in names:
        if scope > exact:
            continue
        for text, same in phrase_variants(name):
            key = normal_key(text)
            if key and key not in known:
                known.add(key)
                yield key, text, exact if same else related, True, ""
