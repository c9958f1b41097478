"""When the words of a text are a name, and when they only look like one.

Names in words match in any case ("Asthma", "ASTHMA"); symbols (``CAT``, ``WAS``, ``pH``) match as
they are written, because in another case they are other words.
"""

from __future__ import annotations

import re
import unicodedata

from kgbuild.normalizer.folding import GREEK
from kgbuild.normalizer.short_names import is_symbol, odd_case

__all__ = ["compact", "gaps_agree", "is_symbol", "name_match"]

_NOT_COMPACT = re.compile(r"[\W_]+")
_HARD_GAP = re.compile(r"[.!?:;,]\s|[()\[\]{};|<>=]|\n\s*\n|\s[-–—/+]\s|--|[.!?]\Z")
_SPACE_IN_SYMBOL = re.compile(r"[A-Za-z]\s+\d|\d\s+[A-Za-z]")
_SYMBOL_LENGTH = 4


def compact(text: str) -> str:
    """Return the letters and digits of ``text`` in their case, Greek ones spelled.

    >>> compact("TNF-α"), compact("IL-2")
    ('TNFalpha', 'IL2')
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(GREEK.get(c) or GREEK.get(c.lower(), c) for c in text)
    return _NOT_COMPACT.sub("", text)


def gaps_agree(name: str, surface: str) -> bool:
    """Tell whether what stands between the words may stand inside this name.

    A full stop, comma or bracket between two words ends a phrase, unless the name has it too.
    """
    if not _HARD_GAP.search(surface):
        return True
    return surface.casefold() == name.casefold()


def name_match(name: str, surface: str) -> float:
    """Return how well ``surface`` is an occurrence of ``name``: 1 as written, 0 not at all.

    Both have the same normal form; what remains to judge is case, and spaces in symbols.

    >>> name_match("CAT", "cat"), name_match("Asthma", "ASTHMA"), name_match("IL2", "IL-2")
    (0.0, 0.98, 1.0)
    """
    if name == surface:
        return 1.0
    if not gaps_agree(name, surface):
        return 0.0
    return _symbol_match(name, surface) if is_symbol(name) else _word_match(name, surface)


def _symbol_match(name: str, surface: str) -> float:
    ours, theirs = compact(name), compact(surface)
    spaced = any(c.isspace() for c in surface)
    if theirs in (ours, ours + "s"):
        return 0.9 if spaced else 1.0
    if spaced or len(ours) <= 3:
        return 0.0
    if digits := sum(map(str.isdigit, ours)):
        return 0.85 if len(ours) - digits >= 2 else 0.0
    if odd_case(ours, theirs):
        return 0.0
    if ours.isupper():
        return _caps_match(ours, theirs)
    return 0.9 if len(ours) > _SYMBOL_LENGTH else 0.0


def _caps_match(ours: str, theirs: str) -> float:
    """Judge letters that the name writes all in capitals."""
    if theirs.islower():
        return 0.8 if len(ours) > 7 else 0.0
    if theirs[1:].islower():  # the mouse's Egfr
        return 0.75 if len(ours) >= 4 else 0.0
    return 0.8


def _word_match(name: str, surface: str) -> float:
    if surface.casefold() == name.casefold():
        shouted = surface.isupper() and not name.isupper()
        return 0.0 if shouted and len(surface) <= 3 else 0.98
    if _SPACE_IN_SYMBOL.search(surface) and " " not in name:
        return 0.0
    if len(compact(surface)) <= 3 and compact(name).casefold() != compact(surface).casefold():
        return 0.0
    return 0.95
