"""What a document's own abbreviations mean for its recognizer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kgbuild.records import AnnotatedDocument

__all__ = ["ShortForms", "short_forms"]

Senses = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class ShortForms:
    """Short forms that a document defines.

    Attributes:
        senses: the categories of each short form's long form; empty where it is no known name.
        long_forms: of each short form.
    """

    senses: dict[str, Senses]
    long_forms: dict[str, str]

    def long_form(self, surface: str) -> str:
        """Return what the document says ``surface`` is short for, or ""."""
        return self.long_forms.get(surface) or self.long_forms.get(surface.removesuffix("s"), "")

    def places(self, text: str) -> Iterator[tuple[int, int, Senses]]:
        """Yield each place of a short form (or its plural in s) whose long form is known.

        In order, not overlapping; of short forms that begin at one place, the longest.
        """
        places = [
            (start, -len(short), end, senses)
            for short, senses in self.senses.items()
            if senses
            for start, end in _whole(short, text)
        ]
        reach = 0
        for start, _, end, senses in sorted(places):
            if start >= reach:
                reach = end
                yield start, end, senses


def _whole(short: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of a short form that letters and digits don't go on from, but for an s."""
    start = text.find(short)
    while start >= 0:
        end = start + len(short)
        if start == 0 or not text[start - 1].isalnum():
            if text[end : end + 1] == "s" and not text[end + 1 : end + 2].isalnum():
                yield start, end + 1
            elif not text[end : end + 1].isalnum():
                yield start, end
        start = text.find(short, start + 1)


def short_forms(annotated: AnnotatedDocument, senses_of: Callable[[str], Senses]) -> ShortForms:
    """Return the short forms of a document; of two definitions the first counts."""
    long_forms: dict[str, str] = {}
    for abbreviation in annotated.abbreviations:
        if len(abbreviation.short) > 1:
            long_forms.setdefault(abbreviation.short, abbreviation.long)
    return ShortForms({s: senses_of(long) for s, long in long_forms.items()}, long_forms)
