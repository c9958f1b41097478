"""Which mention wins where several claim the same characters."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kgbuild.records import Mention, Span

__all__ = ["MentionMerger", "Rule", "pieces"]

Rule = Literal["priority", "longest", "vote", "union"]


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A mention, the place in the list of the recognizer that made it, and who agrees."""

    mention: Mention
    rank: int
    votes: int = 1


class MentionMerger:
    """Merges the mentions of one document by a rule; see ``HybridRecognizer`` for the rules.

    Args:
        rule: one of the four.
        votes: least number of sources that must agree, under ``vote``.
        nested: let a mention lie inside another. Without effect under ``union``.
    """

    def __init__(self, *, rule: Rule, votes: int = 1, nested: bool = False) -> None:
        self._rule, self._votes, self._nested = rule, votes, nested

    def merge(self, found: Sequence[Iterable[Mention]]) -> list[Mention]:
        """Return the merged mentions, in order of start; ``found`` has one iterable a source."""
        proposals = [_Proposal(m, rank) for rank, some in enumerate(found) for m in some]
        if self._rule in {"vote", "union"}:
            proposals = _fold(proposals, mean=self._rule == "vote")
        if self._rule == "vote":
            proposals = [p for p in proposals if p.votes >= self._votes]
        if self._rule != "union":
            proposals = self._without_conflicts(sorted(proposals, key=self._order))
        return sorted((p.mention for p in proposals), key=_position)

    def _order(self, proposal: _Proposal) -> tuple[object, ...]:
        mention = proposal.mention
        length, score = -_length(mention), -mention.score
        first: tuple[object, ...]
        if self._rule == "priority":
            first = (proposal.rank, length, score)
        elif self._rule == "vote":
            first = (-proposal.votes, score, length)
        else:
            first = (length, score)
        return (*first, mention.start, mention.end, pieces(mention), mention.category,
                mention.extractor)  # fmt: skip

    def _without_conflicts(self, best_first: Iterable[_Proposal]) -> list[_Proposal]:
        kept: list[_Proposal] = []
        taken: list[tuple[int, int, int]] = []  # pieces of kept mentions: start, end, which one
        longest = 0
        for proposal in best_first:
            own = pieces(proposal.mention)
            near = set()
            for start, end in own:
                # No piece that begins further left than the longest is long reaches this one.
                low = bisect_left(taken, (start - longest, 0, 0))
                high = bisect_right(taken, (end, -1, -1))
                near |= {which for a, b, which in taken[low:high] if a < end and b > start}
            if any(self._conflict(proposal.mention, kept[which].mention) for which in near):
                continue
            for start, end in own:
                insort(taken, (start, end, len(kept)))
                longest = max(longest, end - start)
            kept.append(proposal)
        return kept

    def _conflict(self, one: Mention, other: Mention) -> bool:
        """Tell whether two mentions that share a character can't both be kept."""
        if not self._nested:
            return True
        return not (_inside(one, other) or _inside(other, one))


def pieces(mention: Mention) -> tuple[Span, ...]:
    """Return the pieces of a mention: one, unless it is discontinuous."""
    return mention.spans or ((mention.start, mention.end),)


def _length(mention: Mention) -> int:
    return sum(end - start for start, end in pieces(mention))


def _inside(inner: Mention, outer: Mention) -> bool:
    """Tell whether every piece of ``inner`` lies in a piece of ``outer`` and they differ."""
    around = pieces(outer)
    return _length(inner) < _length(outer) and all(
        any(a <= start and end <= b for a, b in around) for start, end in pieces(inner)
    )


def _position(mention: Mention) -> tuple[object, ...]:
    return (mention.start, mention.end, pieces(mention), mention.category, mention.extractor)


def _fold(proposals: Iterable[_Proposal], *, mean: bool) -> list[_Proposal]:
    """Make one proposal of those with equal place and category."""
    groups: dict[tuple[object, ...], list[_Proposal]] = {}
    for proposal in proposals:
        key = (pieces(proposal.mention), proposal.mention.category)
        groups.setdefault(key, []).append(proposal)
    folded = []
    for group in groups.values():
        # One recognizer votes once, by the surest of its repeats.
        voters: dict[int, float] = {}
        for proposal in group:
            voters[proposal.rank] = max(voters.get(proposal.rank, 0.0), proposal.mention.score)
        surest = min(group, key=lambda p: (-p.mention.score, p.mention.extractor, p.rank))
        mention = surest.mention
        if mean:
            # Sorted, so that the sum doesn't depend on the order of the recognizers.
            mention = replace(mention, score=sum(sorted(voters.values())) / len(voters))
        folded.append(_Proposal(mention, surest.rank, len(voters)))
    return folded
