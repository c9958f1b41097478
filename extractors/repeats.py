"""A name that a document surely mentions once is a mention wherever the document says it again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kgbuild.records import Mention

__all__ = ["with_repeats"]


def with_repeats(text: str, mentions: Sequence[Mention], *, surest: float) -> list[Mention]:
    """Return the mentions, in order of start, with those at other places of the same words.

    Args:
        text: the document's.
        mentions: not overlapping.
        surest: least score of a mention that is looked for elsewhere; what is found there gets
            half of its score. Names of one letter aren't looked for.

    >>> found = [Mention("d", 0, 7, "aspirin", "ChemicalEntity", 0.95)]
    >>> [(m.start, m.score) for m in with_repeats("aspirin, aspirins, aspirin", found, surest=0.9)]
    [(0, 0.95), (19, 0.475)]
    """
    best: dict[str, Mention] = {}
    for mention in mentions:
        known = best.get(mention.text)
        if len(mention.text) > 1 and (known is None or mention.score > known.score):
            best[mention.text] = mention
    found = list(mentions)
    taken = [(mention.start, mention.end) for mention in mentions]
    for name in sorted(best, key=lambda name: (-len(name), name)):
        source = best[name]
        if source.score < surest or text.count(name) < 2:
            continue
        for match in re.finditer(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", text):
            start, end = match.span()
            if not any(a < end and b > start for a, b in taken):
                taken.append((start, end))
                found.append(
                    Mention(
                        source.document, start, end, name, source.category,
                        source.score / 2, source.extractor,
                    )
                )  # fmt: skip
    return sorted(found, key=lambda mention: mention.start)
