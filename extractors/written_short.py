"""What a document's own abbreviations mean for its recognizer."""

from __future__ import annotations

import re
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
        """Yield each place of a short form (or its plural in s) whose long form is known."""
        known = sorted((s for s, senses in self.senses.items() if senses), key=len, reverse=True)
        if not known:
            return
        pattern = "|".join(map(re.escape, known))
        for match in re.finditer(rf"(?<![^\W_])({pattern})s?(?![^\W_])", text):
            yield match.start(), match.end(), self.senses[match[1]]


def short_forms(annotated: AnnotatedDocument, senses_of: Callable[[str], Senses]) -> ShortForms:
    """Return the short forms of a document; of two definitions the first counts."""
    long_forms: dict[str, str] = {}
    for abbreviation in annotated.abbreviations:
        if len(abbreviation.short) > 1:
            long_forms.setdefault(abbreviation.short, abbreviation.long)
    return ShortForms({s: senses_of(long) for s, long in long_forms.items()}, long_forms)
