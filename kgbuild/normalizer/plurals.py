"""Plurals of names in French, Italian, Portuguese and Spanish.

The normal form folds English plurals, and with them those in -s after a vowel of the other
languages. What it can't fold without knowing a text's language is added to the names instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["plural_name"]

_PREPOSITIONS = """
a al alla au aux avec com con da das de degli dei del della delle dello des di do dos du em en et
in na nel nella no o ou par para per por pour sans sem senza sin sur y à
"""
_ENDS = re.compile(rf"\b(?:{'|'.join(_PREPOSITIONS.split())})\b|[,;:(/]")
_WORD = re.compile(r"[^\W\d_]+")


def _spanish(word: str) -> str:
    if word.endswith("z"):
        return word[:-1] + "ces"
    if word.endswith(("ión", "én", "ón", "án", "ín")):
        plain = {"é": "e", "ó": "o", "á": "a", "í": "i"}[word[-2]]
        return f"{word[:-2]}{plain}nes"
    if word[-1] in "lrnd":
        return word + "es"
    return word if word[-1] == "s" else word + "s"


def _portuguese(word: str) -> str:
    if word.endswith("ão"):
        return word[:-2] + "ões"
    if word.endswith("m"):
        return word[:-1] + "ns"
    if word.endswith(("al", "el", "ol", "ul")):
        return word[:-1] + "is"
    if word[-1] in "rz":
        return word + "es"
    return word if word[-1] == "s" else word + "s"


def _french(word: str) -> str:
    if word.endswith("al"):
        return word[:-1] + "ux"
    if word.endswith(("eau", "eu")):
        return word + "x"
    return word if word[-1] in "sxz" else word + "s"


def _italian(word: str) -> str:
    if word.endswith(("ca", "ga")):
        return word[:-1] + "he"
    if word.endswith("io"):
        return word[:-1]
    if word.endswith(("go", "co")):
        return word[:-1] + ("i" if word.endswith(("ico", "aco")) else "hi")
    if word.endswith(("si", "ie", "à", "ù", "ì")):
        return word
    if word[-1] in "oe":
        return word[:-1] + "i"
    return word[:-1] + "e" if word[-1] == "a" else word


_RULES: dict[str, Callable[[str], str]] = {
    "es": _spanish, "pt": _portuguese, "fr": _french, "it": _italian,
}  # fmt: skip


def plural_name(name: str, language: str) -> str:
    """Return a name with the words before its first preposition in the plural, or "".

    "" where the language (a tag: ``pt-br``) is another, or a word is a symbol.

    >>> plural_name("infección urinaria", "es"), plural_name("dolor de cabeza", "es")
    ('infecciones urinarias', 'dolores de cabeza')
    >>> plural_name("abcès cérébral", "fr"), plural_name("frattura ossea", "it")
    ('abcès cérébraux', 'fratture ossee')
    >>> plural_name("infection", "en")
    ''
    """
    rule = _RULES.get(language.partition("-")[0])
    if rule is None:
        return ""
    found = _ENDS.search(name)
    head = name[: found.start()] if found else name
    words = _WORD.findall(head)
    if not words or any(len(word) < 3 or word[1:] != word[1:].lower() for word in words):
        return ""
    plural = _WORD.sub(lambda match: rule(match[0]), head) + name[len(head) :]
    return "" if plural == name else plural
