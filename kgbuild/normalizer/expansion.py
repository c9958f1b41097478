"""A mention's name written out: the document's abbreviations replaced, its brackets dropped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from kgbuild.normalizer.normal_form import normal_key
from kgbuild.records import Abbreviation, Mention

__all__ = [
    "defined_beside",
    "expanded",
    "long_form",
    "long_forms",
    "names_with_kind",
    "without_brackets",
]

_BRACKETED = re.compile(r"\s*[(\[]([^()\[\]]{1,40})[)\]](?=\s|\Z|-|,)")
_KIND = re.compile(
    r"\s+(?:condition|deficiency|disease|disorder|infection|syndrome|trait)s?\Z", re.IGNORECASE
)
_SHORT_AFTER = re.compile(r"\s?\(([A-Z][A-Z0-9-]{1,7})[);,]")


def long_forms(abbreviations: Sequence[Abbreviation]) -> dict[str, str]:
    """Return the first long form that a document gives each short form."""
    known: dict[str, str] = {}
    for abbreviation in abbreviations:
        known.setdefault(abbreviation.short, abbreviation.long)
    return known


def long_form(text: str, known: Mapping[str, str]) -> str:
    """Return what a short form (or its plural) stands for in its document, or ""."""
    return known.get(text) or known.get(text.removesuffix("s"), "")


def without_brackets(text: str, known: Mapping[str, str]) -> str:
    """Return the name without the short forms that it defines itself.

    >>> without_brackets("glucose-6-phosphate dehydrogenase (G6PD) deficiency", {})
    'glucose-6-phosphate dehydrogenase deficiency'
    >>> without_brackets("(+)-catechin", {})
    '(+)-catechin'
    """

    def drop(match: re.Match[str]) -> str:
        inner = match[1].strip()
        own = inner in known or _initials_in(inner, text[: match.start()])
        return "" if own and match.start() else match[0]

    return " ".join(_BRACKETED.sub(drop, text).split())


def expanded(text: str, known: Mapping[str, str]) -> str:
    """Return the name with brackets dropped and short forms inside it written out.

    >>> expanded("G6PD deficiency", {"G6PD": "glucose-6-phosphate dehydrogenase"})
    'glucose-6-phosphate dehydrogenase deficiency'
    >>> expanded("asthma", {"AS": "ankylosing spondylitis"})
    'asthma'
    """
    plain = without_brackets(text, known)
    if whole := long_form(plain, known):
        return whole
    for short in sorted(known, key=len, reverse=True):
        at = plain.find(short)
        if at < 0 or len(short) < 2:
            continue
        before, after = plain[:at], plain[at + len(short) :]
        free = not (before and before[-1].isalnum()) and not (after and after[0].isalnum())
        if free and known[short].casefold() not in plain.casefold():
            return _without_echo(f"{before}{known[short]}", after)
    return plain


def _without_echo(head: str, tail: str) -> str:
    """Join, but not "... syndrome syndrome" where the long form ends as the text goes on."""
    words = tail.split()
    if words and head.casefold().endswith(words[0].casefold()):
        return " ".join([head, *words[1:]])
    return head + tail


def defined_beside(text: str, mentions: Sequence[Mention]) -> dict[str, str]:
    """Return short forms in brackets right after a mention all of whose letters they share.

    Rules for abbreviations miss "myotonic dystrophy (DM)": its letters are not in order.
    """
    known: dict[str, str] = {}
    for mention in mentions:
        match = _SHORT_AFTER.match(text, mention.end)
        if match and len(mention.text) > 2 * len(match[1]):
            letters = Counter(c for c in match[1].casefold() if c.isalpha())
            if letters <= Counter(mention.text.casefold()):
                known.setdefault(match[1], mention.text)
    return known


def names_with_kind(names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the names that end in the kind of thing they name, by category and what goes before.

    A document that has "von Willebrand disease" means it by "von Willebrand", too: so it is for
    all 78 such mentions of NCBI-disease and BC5CDR that equal no name (66 in training documents).
    "Nephropathy" after "IgA nephropathy" is another.

    >>> names_with_kind([("Disease", "asthma"), ("Disease", "von Willebrand disease")])
    {('Disease', ' von willebrand '): 'von Willebrand disease'}
    """
    known: dict[tuple[str, str], str] = {}
    for category, name in names:
        stem = _KIND.sub("", name)
        if stem and stem != name:
            known.setdefault((category, normal_key(stem)), name)
    return known


def _initials_in(short: str, before: str) -> bool:
    """Tell whether a bracket holds letters that the words before it begin with, in order."""
    letters = [c.casefold() for c in short if c.isalnum()]
    if not 2 <= len(letters) <= 8 or " " in short or not any(c.isupper() for c in short):
        return False
    heads = iter(before.casefold())
    return all(letter in heads for letter in letters)
