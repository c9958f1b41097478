"""Several recognizers as one, merged by a stated rule."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kgbuild.errors import ConfigError
from kgbuild.protocols import Recognizer
from kgbuild.records import AnnotatedDocument, Mention, Span, content_hash

__all__ = ["HybridRecognizer", "Rule"]

Rule = Literal["priority", "longest", "vote", "union"]


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A mention, the place in the list of the recognizer that made it, and who agrees."""

    mention: Mention
    rank: int
    votes: int = 1


class HybridRecognizer:
    """Merges what recognizers find.

    Two mentions *conflict* when their pieces share a character; with ``nested=True`` only when
    neither lies strictly inside the other. Except under ``union``, of two mentions that conflict
    one is kept, so none are left. Mentions are taken best first, and one is dropped if it conflicts
    with one already taken. What is best depends on the rule:

    ``priority``
        the mention of the recognizer that comes earlier in the list; of one recognizer's, the
        longer, then the surer. The only rule for which the list's order matters.
    ``longest``
        the mention that covers more characters, then the surer.
    ``vote``
        mentions of one place and category count as one, with the recognizers that found it as its
        votes and the mean of their scores. Those with fewer than ``votes`` are dropped, then more
        votes are better, then the surer, then the longer.
    ``union``
        all are kept, overlapping and nested ones too, and equal places with different categories.
        Only repeats (equal place and category) are folded, into the surest.

    Ties that remain fall to the earlier start, then to the category and the extractor's name in
    order of the alphabet, so that equal places with different categories are decided the same way
    every time. A mention that is kept keeps its extractor; under ``vote`` it is the surest one's.

    Args:
        recognizers: at least one; no two of one name.
        rule: see above.
        votes: how many recognizers must agree, under ``vote``; default more than half.
        nested: let a mention lie inside another. Without effect under ``union``.

    Raises:
        ConfigError: no recognizers, equal names, an unknown rule, or ``votes`` out of range.
    """

    def __init__(
        self,
        recognizers: Sequence[Recognizer],
        *,
        rule: Rule = "priority",
        votes: int | None = None,
        nested: bool = False,
    ) -> None:
        names = [recognizer.name for recognizer in recognizers]
        if not names or len(set(names)) < len(names):
            raise ConfigError(f"expected recognizers of different names, got {names}")
        if rule not in {"priority", "longest", "vote", "union"}:
            raise ConfigError(f"unknown rule {rule!r}: expected priority, longest, vote or union")
        if votes is not None and (rule != "vote" or not 1 <= votes <= len(names)):
            raise ConfigError(
                f"votes={votes} fits the rule vote alone, and 1 to {len(names)} recognizers"
            )
        self._recognizers = tuple(recognizers)
        self._rule = rule
        self._votes = votes if votes is not None else len(names) // 2 + 1
        self._nested = nested
        ordered = names if rule == "priority" else sorted(names)
        settings = content_hash(rule, self._votes if rule == "vote" else 0, nested, *ordered)
        self.name = f"hybrid:{rule}/{settings[:12]}"

    def recognize(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Mention, ...]]:
        """Return the merged mentions of each document, in order of start."""
        found = [recognizer.recognize(batch) for recognizer in self._recognizers]
        return [tuple(self.merge(mentions)) for mentions in zip(*found, strict=True)]

    def merge(self, found: Sequence[Iterable[Mention]]) -> list[Mention]:
        """Merge the mentions of one document, one iterable for each recognizer."""
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
