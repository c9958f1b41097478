"""Mentions that were found, and whose identifiers are not the gold standard's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kgbuild.evaluation.mentions import MentionSpan, identified_spans, mention_spans
from kgbuild.records import AnnotatedDocument

__all__ = ["IdentifierError", "identifier_errors"]


@dataclass(frozen=True, slots=True)
class IdentifierError:
    """A mention at a gold place, of the gold category, with other identifiers.

    ``gold`` and ``found`` are sorted and hold all identifiers of a composite mention, none of NIL.
    """

    place: MentionSpan
    gold: tuple[str, ...]
    found: tuple[str, ...]


def identifier_errors(
    gold: Sequence[AnnotatedDocument],
    found: Sequence[AnnotatedDocument],
    *,
    categories: Collection[str],
    whole: bool = False,
) -> list[IdentifierError]:
    """Return the mentions of both sides whose identifiers differ, in order of place.

    They are what strict ``count_identified`` counts as wrong or missed at a right place.
    """
    wanted, there = (_identifiers(items, categories, whole) for items in (gold, found))
    return [
        IdentifierError(place, tuple(sorted(wanted[place])), tuple(sorted(there[place])))
        for place in sorted(wanted.keys() & there.keys())
        if wanted[place] != there[place]
    ]


def _identifiers(
    items: Sequence[AnnotatedDocument], categories: Collection[str], whole: bool
) -> dict[MentionSpan, set[str]]:
    found: dict[MentionSpan, set[str]] = {
        span: set() for span in mention_spans(items, whole=whole) if span.category in categories
    }
    for category in categories:
        for span in identified_spans(items, category, whole=whole):
            found[span._replace(category=category)].add(span.category)
    return found
