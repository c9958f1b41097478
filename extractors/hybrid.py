"""Several recognizers as one, merged by a stated rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kgbuild.errors import ConfigError
from kgbuild.extractors.doubt import Doubt
from kgbuild.extractors.merging import MentionMerger, Rule
from kgbuild.protocols import Recognizer
from kgbuild.records import AnnotatedDocument, Mention, content_hash

__all__ = ["HybridRecognizer", "Rule"]


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
        doubt: about two of the recognizers, of which one is asked about the other's mentions.

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
        doubt: Doubt | None = None,
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
        needed = votes if votes is not None else len(names) // 2 + 1
        self._merger = MentionMerger(rule=rule, votes=needed, nested=nested)
        ordered = names if rule == "priority" else sorted(names)
        self._doubt = doubt
        least = sorted(doubt.least.items()) if doubt is not None else ()
        settings = content_hash(rule, needed if rule == "vote" else 0, nested, least, *ordered)
        self.name = f"hybrid:{rule}/{settings[:12]}"

    def recognize(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Mention, ...]]:
        """Return the merged mentions of each document, in order of start."""
        known: dict[str, list[tuple[Mention, ...]]] = {}
        if self._doubt is not None:
            pair = self._doubt.judge.name, self._doubt.names.name
            known = dict(zip(pair, self._doubt.recognize(batch), strict=True))
        found = [
            known[r.name] if r.name in known else r.recognize(batch) for r in self._recognizers
        ]
        return [tuple(self.merge(mentions)) for mentions in zip(*found, strict=True)]

    def merge(self, found: Sequence[Iterable[Mention]]) -> list[Mention]:
        """Merge the mentions of one document, one iterable for each recognizer."""
        return self._merger.merge(found)
