"""How labels, prefixes and CURIEs are compared and spelt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["PrefixTable", "label_key", "nearest"]

_SEPARATORS = str.maketrans("", "", " _-/.")
_RELEASE = re.compile(r"_\d{4}_\d{2}_\d{2}$")  # SNOMEDCT_US_2023_03_01


def label_key(label: str) -> str:
    """Return what decides whether two labels are the same: no case, no separators.

    >>> label_key("Cell_Line") == label_key("CellLine") == label_key("cell line")
    True
    """
    return label.translate(_SEPARATORS).casefold()


def nearest(wrong: str, known: Iterable[str]) -> str:
    """Return "did you mean 'x'?", or the first few of ``known`` where nothing is near."""
    options = list(known)
    by_key = {label_key(option): option for option in options}
    close = get_close_matches(label_key(wrong), by_key, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{by_key[close[0]]}'?"
    more = ", ..." if len(options) > 12 else ""
    return "known are " + ", ".join(options[:12]) + more


class PrefixTable:
    """Spells prefixes of CURIEs in one way."""

    def __init__(self, prefixes: Iterable[tuple[str, Iterable[str]]]) -> None:
        self._canonical: dict[str, str] = {}
        for name, synonyms in prefixes:
            for spelling in (name, *synonyms):
                self._canonical.setdefault(spelling.casefold(), name)

    def prefix(self, raw: str) -> str:
        """Return the preferred spelling of a prefix; an unknown one as it is."""
        key = raw.casefold()
        found = self._canonical.get(key) or self._canonical.get(_RELEASE.sub("", key))
        return found or raw

    def normalize(self, raw: str) -> str:
        """Return ``raw`` with the preferred prefix, once: ``hgnc:HGNC:5`` is ``HGNC:5``."""
        prefix, colon, local = raw.strip().partition(":")
        if not colon:
            return self._underscored(raw.strip())
        name = self.prefix(prefix)
        again, colon, rest = local.partition(":")
        if colon and self.prefix(again) == name:
            local = rest
        return f"{name}:{local}"

    def _underscored(self, raw: str) -> str:
        """Read ``MONDO_0005148`` and ``CVCL_0030``, as in OBO IRIs, where the prefix is known."""
        prefix, underscore, local = raw.partition("_")
        name = self._canonical.get(prefix.casefold())
        return f"{name}:{local}" if underscore and name and local else raw
