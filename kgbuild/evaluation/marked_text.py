"""A document's text with its mentions marked, as HTML: one side of the report's comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from typing import Literal, NamedTuple

from kgbuild.evaluation.differences import Difference, Kind
from kgbuild.evaluation.identifier_errors import IdentifierError
from kgbuild.evaluation.mentions import MentionSpan, pieces_of

__all__ = ["Mark", "marked", "marks_of"]

MarkKind = Kind | Literal["wrong identifier"]
_CLASS: dict[MarkKind, str] = {
    "missed": "missed", "spurious": "spurious", "boundary": "boundary", "type": "type",
    "boundary and type": "both", "wrong identifier": "identifier",
}  # fmt: skip


class Mark(NamedTuple):
    """A mention to mark; ``kind`` is what is wrong with it, or empty, ``remark`` says more."""

    span: MentionSpan
    kind: MarkKind | None = None
    remark: str = ""


def marks_of(
    spans: Iterable[MentionSpan],
    errors: Sequence[Difference],
    identifiers: Sequence[IdentifierError] = (),
    *,
    found: bool,
) -> list[Mark]:
    """Return the marks of one side: its mentions, and what is wrong with some of them."""
    wrong = {}
    for misnamed in identifiers:
        remark = f"gold {_ids(misnamed.gold)}, predicted {_ids(misnamed.found)}"
        wrong[misnamed.place] = Mark(misnamed.place, "wrong identifier", remark)
    for error in errors:
        own, other = (error.found, error.gold) if found else (error.gold, error.found)
        if own is not None:
            said = other.category if other else own.category
            remark = f"{said} on the other side" if said != own.category else ""
            wrong[own] = Mark(own, error.kind, remark)
    return [wrong.get(span, Mark(span)) for span in sorted(set(spans))]


def _ids(curies: Sequence[str]) -> str:
    return "|".join(curies) or "NIL"


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
        if mark.remark:
            title += f", {mark.remark}"
        titles.append(title)
    return "; ".join(titles)
