r"""The small language of trigger templates, and its translation to regular expressions.

A template is words with a space between them:

===================  =============================================================================
``{subject}``        mentions of the pattern's subject categories, one or several ("A, B and C");
``{object}``         likewise. A suffix may follow: ``{subject}-<verbs:ed>``
``<verbs:finite>``   a form of a word list: ``finite`` (base, -s, past), ``base``, ``s``, ``past``,
                     ``ed`` (participle), ``ing``, or, without a colon, every form. Lists are
                     ``verbs``, ``nouns`` (singular and plural), ``agents`` (likewise), and
                     ``all``: the verbs of all patterns of the file
``<lower|cut:ed>``   forms of verbs that are named here
``(a|b c)``          one of several words or phrases; ``(a|b)?`` or nothing
``...`` ``...6``     up to 4 (6) words that are no blocking word, mention of a slot's category or
                     sign of a clause
``***`` ``***6``     up to 4 (6) words, mentions and commas of any kind but blocking words
                     other than "and" and "or"
``,``                a comma; ``,?`` or nothing
===================  =============================================================================

The trigger is the first ``<...>``, else the first ``(...)`` without ``?``, else the first word;
a template of slots alone ("{subject} {object}") has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from kgbuild.extractors.inflection import inflect

__all__ = ["CompiledTemplate", "TemplateError", "compile_template"]

_GAP = 4
_MAX_LIST = 15
_TOKEN = re.compile(
    r"(?P<slot>\{(?:subject|object)\})|<(?P<forms>[^<>]+)>|\.\.\.(?P<gap>\d*)|\*\*\*(?P<leap>\d*)"
    r"|\((?P<choice>[^()]+)\)(?P<maybe>\??)|(?P<comma>,)(?P<maybe_comma>\??)|(?P<space> +)"
    r"|(?P<word>[^\s<>(){},?]+)|(?P<bad>.)"
)
_FORMS = ("finite", "base", "s", "past", "ed", "ing", "any")
_DETERMINERS = r"(?:(?:with|by|in|of|to|from|for) )?(?:(?:the|an?|its|their|both|either|other) )?"
# Atomic, and with one way only to match: a list that fails must not be tried in 2 ** n ways.
_LISTED = (
    rf"(?>(?: ?, ?(?:(?:and|or|nor|as well as|plus) )?"
    rf"| (?:and|or|nor|and/or|as well as|plus|\+|&) ){_DETERMINERS}| ?[/+] ?)"
)
_AFTER_SUBJECT = (
    r"(?:'s|(?:-(?!induced|resistant|deficient|free|independent|naive|null|related|associated"
    r"|negative|like|dependent|sensitive|positive)[a-z]+))?"
)
_APPOSITION = (
    r"(?: ?,(?: (?:an?|the)(?: [^\s,;:()]+){1,4})?(?= (?:which|that|who) )"
    r"| ?, (?:an?|the|one|which|used|both|known|given|formerly) [^,;:()]{1,90} ?,)?"
)
_BE = ("be", "is", "are", "was", "were", "been", "being")
_TRANSITIVE = r"(?! (?:by|in|at|on|after|with|from|during|when|among|following|due|through|via)\b)"
_NO_NOUN = (
    r"(?!(?:and|or|in|of|by|with|for|from|to|as|at|on|than|via|the|an?|is|are|was|were|has|have|had"
    r"|that|which|who|but|after|during|among|through|whose|when|while|its|their|these|this) )"
)
_LETTERS = re.compile(r"[^\W\d_]+")


class TemplateError(ValueError):
    """A template that doesn't follow the language."""


@dataclass(frozen=True)
class CompiledTemplate:
    """A template as a regular expression with the groups subject, object and trigger.

    ``subject`` and ``object`` are the characters of their slots.

    ``anchors`` are words (runs of letters, lower case) one of which must be in the sentence; an
    empty one is in every sentence.
    """

    source: str
    anchors: frozenset[str]
    subject: frozenset[str]
    object: frozenset[str]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The expression, compiled when first needed: most of a file's never are."""
        return re.compile(self.source)


def compile_template(
    template: str,
    *,
    words: Mapping[str, Sequence[str]],
    subject: str,
    object_: str,
    blocking: Iterable[str] = (),
    after: Iterable[str] = (),
    heads: Iterable[str] = (),
) -> CompiledTemplate | None:
    """Translate a template.

    Args:
        template: in the language of this module.
        words: the pattern's word lists; None is returned where the template needs one that is
            empty.
        subject: the slot characters of the subject's categories.
        object_: those of the object's.
        blocking: words that no gap steps over.
        after: words that don't follow an object that ends the template ("inhibitor").
        heads: nouns that don't follow it either, not even after another word ("resistance").

    Raises:
        TemplateError: where the template lacks a slot or a trigger, or can't be read.
    """
    if template.count("{subject}") != 1 or template.count("{object}") != 1:
        raise TemplateError("exactly one {subject} and one {object} are expected")
    tokens = list(_TOKEN.finditer(template.strip()))
    writer = _Writer(
        template.strip(),
        subject=subject,
        object_=object_,
        blocking=blocking,
        after=after,
        heads=heads,
    )
    trigger = _trigger_index(tokens)
    parts: list[str] = []
    anchors = [""]
    for index, token in enumerate(tokens):
        if token["word"] or token["choice"] or token["forms"]:
            choices = _choices(token, words)
            if not choices:
                return None
            if index == trigger:
                anchors = [_anchor(choice) for choice in choices]
            parts.append(writer.words(token, choices, index == trigger))
        else:
            parts.append(writer.sign(token, parts))
    if trigger < 0:
        parts.append("(?P<trigger>)")
    source = _joined(parts, starts_with_slot=bool(tokens[0]["slot"]))
    return CompiledTemplate(source, frozenset(anchors), frozenset(subject), frozenset(object_))


class _Writer:
    """Writes the regular expression of each token of one template."""

    def __init__(
        self,
        template: str,
        *,
        subject: str,
        object_: str,
        blocking: Iterable[str],
        after: Iterable[str],
        heads: Iterable[str],
    ) -> None:
        self._template = template
        self._chars = {"{subject}": subject, "{object}": object_}
        blocked = _alternatives((*blocking, *(_BE if ":past>" in template else ())))
        self._stop = rf"(?!(?:{blocked})(?![\w-]))" if blocked else ""
        self._gap = rf"(?:{self._stop}[^\s,;:(){''.join(sorted(set(subject + object_)))}]+ )"
        unwanted = _alternatives(tuple(after)) or "-"
        self._not_after = rf"(?!-[a-z]|[a-z]|[ -](?:{unwanted}))"
        nouns = _alternatives(tuple(heads))
        self._no_head = rf"(?! (?:{_NO_NOUN}[a-z][a-z-]+ )?(?:{nouns})(?![\w-]))" if nouns else ""

    def words(self, token: re.Match[str], choices: Sequence[str], trigger: bool) -> str:
        body = _alternatives(tuple(sorted(choices, key=len, reverse=True)))
        if trigger:
            active = (token["forms"] or "").endswith((":finite", ":past", ":s"))
            return f"(?P<trigger>{body})(?![a-z])" + (_TRANSITIVE if active else "")
        if token["maybe"]:
            return f"(?:(?:{body}) )?"
        return f"(?:{body})" + ("" if choices[0][-1] in "-/" else "(?![a-z])")

    def sign(self, token: re.Match[str], parts: Sequence[str]) -> str:
        """Write a token that is no word; ``parts`` is what was written before."""
        if token["bad"]:
            raise TemplateError(f"unexpected {token['bad']!r} at character {token.start() + 1}")
        if token["slot"]:
            return self._slot(token)
        if token["gap"] is not None:
            return rf"{self._gap}{{0,{token['gap'] or _GAP}}}"
        if token["leap"] is not None:
            return rf"(?:{self._stop}[^\s;:()]+ |(?:and|or) ){{0,{token['leap'] or _GAP}}}"
        if token["comma"]:
            if parts[-1:] == [" "] and parts[-2][-1:] == "}":
                raise TemplateError("a comma follows a word or a slot, not a gap")
            return r" ?,?" if token["maybe_comma"] else r" ?,"
        return " "

    def _slot(self, token: re.Match[str]) -> str:
        chars = self._chars[token["slot"]]
        name = token["slot"][1:-1]
        listed = rf"(?P<{name}>[{chars}](?:{_LISTED}[{chars}]){{0,{_MAX_LIST}}})"
        followed = self._template[token.end() : token.end() + 1]
        if not followed:
            return listed + self._not_after + (self._no_head if name == "object" else "")
        return listed + _AFTER_SUBJECT + _APPOSITION if followed == " " else listed


@lru_cache(maxsize=10_000)
def _alternatives(words: tuple[str, ...]) -> str:
    return "|".join(map(re.escape, words))


def _trigger_index(tokens: Sequence[re.Match[str]]) -> int:
    """Return the place of the token that is the trigger, or -1."""
    for wanted in ("forms", "choice", "word"):
        for index, token in enumerate(tokens):
            helper = token["maybe"] or (token["forms"] or "").startswith("all")
            if token[wanted] and not helper:
                return index
    return -1


def _choices(token: re.Match[str], words: Mapping[str, Sequence[str]]) -> list[str]:
    if token["word"]:
        return [token["word"].lower()]
    if token["choice"]:
        return [choice.strip().lower() for choice in token["choice"].split("|")]
    names, _, form = token["forms"].partition(":")
    form = form or "any"
    if form not in _FORMS:
        raise TemplateError(f"<{token['forms']}>: no form {form!r}; one of {', '.join(_FORMS)}")
    if not words.get(names, names):
        return []
    if names in ("nouns", "agents"):
        return [form for noun in words[names] for form in _numbers(noun.lower())]
    lemmas = words.get(names) or names.split("|")
    return list(dict.fromkeys(f for lemma in lemmas for f in _verb_forms(lemma.lower(), form)))


@lru_cache(maxsize=10_000)
def _verb_forms(lemma: str, form: str) -> tuple[str, ...]:
    forms = inflect(lemma)
    return {
        "finite": forms.finite,
        "base": (forms.base,),
        "s": (forms.base, forms.third),
        "past": (forms.past,),
        "ed": (forms.participle,),
        "ing": (forms.gerund,),
        "any": (*forms.finite, forms.participle, forms.gerund),
    }[form]


def _numbers(noun: str) -> tuple[str, str]:
    """Return a noun's singular and plural."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun, noun[:-2] + "es" if noun.endswith("sis") else noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun, noun[:-1] + "ies"
    return noun, noun + "s"


def _anchor(choice: str) -> str:
    found = _LETTERS.search(choice)
    return found.group() if found else ""


def _joined(parts: Sequence[str], *, starts_with_slot: bool) -> str:
    """Join parts; one that may be empty brings its own space, so the space after it goes."""
    joined: list[str] = []
    for part in parts:
        if part == " " and joined and joined[-1].endswith(("}", ") )?")):
            continue
        if part.startswith(" ?,") and joined and joined[-1] == " ":
            joined.pop()
        joined.append(part)
    return ("" if starts_with_slot else r"(?<![\w-])") + "".join(joined)
