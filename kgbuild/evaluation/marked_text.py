"""A document's text with its mentions marked, as HTML: one side of the report's comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from kgbuild.evaluation.differences import Difference, Kind
from kgbuild.evaluation.mentions import MentionSpan, pieces_of

__all__ = ["Mark", "marked", "marks_of"]

_CLASS: dict[Kind, str] = {
    "missed": "missed", "spurious": "spurious", "boundary": "boundary", "type": "type",
    "boundary and type": "both",
}  # fmt: skip


class Mark(NamedTuple):
    """A mention to mark; ``kind`` is what is wrong with it, or empty."""

    span: MentionSpan
    kind: Kind | None = None
    instead: str = ""


def marks_of(
    spans: Iterable[MentionSpan], errors: Sequence[Difference], *, found: bool
) -> list[Mark]:
    """Return the marks of one side: its mentions, and what is wrong with those in ``errors``."""
    wrong = {}
    for error in errors:
        own, other = (error.found, error.gold) if found else (error.gold, error.found)
        if own is not None:
            wrong[own] = Mark(own, error.kind, other.category if other else "")
    return [wrong.get(span, Mark(span)) for span in sorted(set(spans))]


def marked(text: str, marks: Sequence[Mark]) -> str:
    r"""Return ``text`` as HTML with ``marks`` in it; everything of the text is escaped.

    Where mentions lie one in the other, each stretch shows the erroneous one, else the shortest.

    >>> marked("<b> x", [Mark(MentionSpan("d", 4, 5, "X"))])
    '&lt;b&gt; <mark class="right" title="X">x</mark>'
    """
    places = sorted({0, len(text), *(edge for m in marks for p in pieces_of(m.span) for edge in p)})
    parts = []
    for start, end in pairwise(places):
        covering = [
            mark for mark in marks if any(a <= start and end <= b for a, b in pieces_of(mark.span))
        ]
        shown = escape(text[start:end])
        if covering:
            top = min(covering, key=lambda m: (not m.kind, m.span.end - m.span.start))
            kind = _CLASS[top.kind] if top.kind else "right"
            shown = f'<mark class="{kind}" title="{escape(_title(covering))}">{shown}</mark>'
        parts.append(shown)
    return "".join(parts)


def _title(marks: Sequence[Mark]) -> str:
    titles = []
    for mark in marks:
        title = mark.span.category
        if mark.kind:
            title += f": {mark.kind}"
        if mark.instead and mark.instead != mark.span.category:
            title += f", {mark.instead} on the other side"
        titles.append(title)
    return "; ".join(titles)
