"""Sentences with their mentions masked: what trigger patterns are matched on.

Each mention becomes one character of Unicode's private use area that stands for its category, so
that a pattern's slot is a character class and a sentence stays one short string.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kgbuild.records import AnnotatedDocument, Mention, Sentence

__all__ = [
    "ANY_SLOT",
    "UNKNOWN_SLOT",
    "MaskedSentence",
    "mask_sentence",
    "meanings",
    "sentence_mentions",
    "slot_codes",
]

_FIRST = 0xE000
UNKNOWN_SLOT = "\uf8ff"
"""The slot of a category that the schema doesn't know."""
ANY_SLOT = "\ue000-\uf8ff"
"""All slots, for use inside a character class."""

_PLAIN = str.maketrans(
    {"‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-", "’": "'", "\xa0": " ", "\n": " "}
)
_NO_SLOT = re.compile(f"[{ANY_SLOT}]")
_ASIDE = re.compile(rf" ?\([^(){ANY_SLOT}]*\)| ?\[[^\[\]{ANY_SLOT}]*\]")
_ALIAS = re.compile(rf"([{ANY_SLOT}]) ?[(\[]([{ANY_SLOT}])[)\]]")


@dataclass(frozen=True, slots=True)
class MaskedSentence:
    """A sentence in lower case with one character for each mention.

    Attributes:
        text: the masked text; brackets without mentions and aliases in brackets are left out.
        mentions: by position in ``text``.
        offsets: the place in the document of each character of ``text``, and of its end.
        sentence: the place of the whole sentence.
    """

    text: str
    mentions: Mapping[int, Mention]
    offsets: Sequence[int]
    sentence: Sentence


def slot_codes(categories: Iterable[str]) -> dict[str, str]:
    """Return one private use character for each category, in sorted order."""
    return {name: chr(_FIRST + index) for index, name in enumerate(sorted(categories))}


def sentence_mentions(
    mentions: Sequence[Mention], sentences: Sequence[Sentence], *, nested: bool = False
) -> Iterator[tuple[Sentence, list[Mention]]]:
    """Yield each sentence with the mentions that lie wholly in it, in order of start.

    Of overlapping mentions the first and longest is kept, or all where ``nested``.
    """
    ordered = sorted(mentions, key=lambda m: (m.start, -m.end))
    starts = [mention.start for mention in ordered]
    for sentence in sentences:
        inside: list[Mention] = []
        for mention in ordered[
            bisect_left(starts, sentence.start) : bisect_left(starts, sentence.end)
        ]:
            free = nested or not inside or mention.start >= inside[-1].end
            if free and mention.end <= sentence.end:
                inside.append(mention)
        yield sentence, inside


def meanings(document: AnnotatedDocument) -> dict[int, object]:
    """Return what each mention (by ``id()``: content hashes cost more than the rest) means.

    That is its identifiers, else its text with abbreviations expanded.
    """
    curies: dict[str, list[str]] = {}
    for grounding in document.groundings:
        if grounding.curie:
            curies.setdefault(grounding.mention, []).append(grounding.curie)
    longs = {abbreviation.short: abbreviation.long for abbreviation in document.abbreviations}
    names: dict[int, object] = {}
    for mention in document.mentions:
        identifiers = curies.get(mention.id) if curies else None
        expanded = longs.get(mention.text, mention.text).lower()
        names[id(mention)] = tuple(sorted(identifiers)) if identifiers else expanded
    return names


def mask_sentence(
    document: AnnotatedDocument,
    sentence: Sentence,
    mentions: Sequence[Mention],
    *,
    codes: Mapping[str, str],
    names: Mapping[int, object],
) -> MaskedSentence:
    """Mask ``mentions`` (in order, disjoint) of ``sentence``.

    ``codes`` gives each category's character. ``names`` says what a mention means, by its
    ``id()``: of two side by side, the second in brackets, that mean the same, one is kept.
    """
    text = document.document.text
    pieces: list[str] = []
    offsets: list[int] = []
    found: dict[int, Mention] = {}
    position = sentence.start
    for mention in mentions:
        pieces.append(_plain(text[position : mention.start]))
        offsets.extend(range(position, mention.start))
        found[len(offsets)] = mention
        pieces.append(codes.get(mention.category, UNKNOWN_SLOT))
        offsets.append(mention.start)
        position = mention.end
    pieces.append(_plain(text[position : sentence.end]))
    offsets.extend(range(position, sentence.end + 1))
    masked = "".join(pieces)
    for cuts in (_asides, _aliases):
        spans = cuts(masked, found, names)
        if spans:
            masked, found, offsets = _without(masked, found, offsets, spans)
    return MaskedSentence(masked, found, offsets, sentence)


def _plain(text: str) -> str:
    lowered = text.lower()
    plain = (lowered if len(lowered) == len(text) else text).translate(_PLAIN)
    return _NO_SLOT.sub("\ufffd", plain)  # the text's own private use must not pass for mentions


def _asides(
    masked: str, found: Mapping[int, Mention], names: Mapping[int, object]
) -> list[tuple[int, int]]:
    return (
        [match.span() for match in _ASIDE.finditer(masked)]
        if "(" in masked or "[" in masked
        else []
    )


def _aliases(
    masked: str, found: Mapping[int, Mention], names: Mapping[int, object]
) -> list[tuple[int, int]]:
    spans = []
    for match in _ALIAS.finditer(masked):
        first, second = found[match.start(1)], found[match.start(2)]
        if first.category == second.category and names.get(id(first)) == names.get(id(second)):
            spans.append((match.end(1), match.end()))
    return spans


def _without(
    masked: str, found: Mapping[int, Mention], offsets: list[int], spans: list[tuple[int, int]]
) -> tuple[str, dict[int, Mention], list[int]]:
    """Leave out ``spans`` (in order, disjoint) of a masked text."""
    pieces: list[str] = []
    kept: list[int] = []
    position = 0
    for start, end in [*spans, (len(masked), len(masked))]:
        pieces.append(masked[position:start])
        kept.extend(range(position, start))
        position = end
    places = {old: new for new, old in enumerate(kept)}
    moved = {places[old]: mention for old, mention in found.items() if old in places}
    return "".join(pieces), moved, [*(offsets[old] for old in kept), offsets[-1]]
