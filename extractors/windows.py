"""Cutting a long text's subword tokens into windows, and words out of subword tokens.

Every token lies in at least one window and in the core of exactly one: the window that shows most
of its surroundings. Predictions are read from cores alone, so that stitching is a concatenation
and a mention in the overlap of two windows comes out once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from kgbuild.records import Sentence, Span

__all__ = ["Window", "plan_windows", "sentence_starts", "word_starts"]

# Scripts written without spaces: each token there is a word of its own.
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x9FFF),
             (0xA000, 0xA4CF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens ``start:end`` go through the model; ``core_start:core_end`` are read from it."""

    start: int
    end: int
    core_start: int
    core_end: int


def plan_windows(
    count: int,
    *,
    capacity: int,
    stride: int,
    starts: Sequence[int] = (),
    max_sentences: int | None = None,
) -> list[Window]:
    """Return windows over ``count`` tokens; empty input gives none.

    A window ends where a sentence ends if any does within reach, else where it is full. The next
    one begins ``stride`` tokens before, moved forward to the start of a sentence where there is
    one.

    Args:
        count: number of tokens.
        capacity: most tokens in a window, special tokens not counted.
        stride: tokens that neighbouring windows share, below ``capacity``.
        starts: first tokens of sentences, rising.
        max_sentences: most sentences in a window; such windows share no sentence.

    >>> [(w.start, w.end) for w in plan_windows(10, capacity=6, stride=2)]
    [(0, 6), (4, 10)]
    >>> [(w.start, w.end) for w in plan_windows(10, capacity=6, stride=2, starts=[0, 5])]
    [(0, 5), (5, 10)]
    """
    if not 0 <= stride < capacity:
        raise ValueError(f"stride must be in [0, {capacity}) for windows of {capacity}: {stride}")
    bounds = sorted({b for b in starts if 0 < b < count} | {count}) if count else []
    spans: list[Span] = []
    start = reached = 0
    while reached < count:
        end, whole = _window_end(start, reached, bounds, capacity, max_sentences)
        if not whole and start < reached and reached in bounds:
            # The overlap leaves no room for the next sentence: give it a window of its own.
            start = reached
            end, whole = _window_end(start, reached, bounds, capacity, max_sentences)
        spans.append((start, end))
        reached = end
        if whole and max_sentences:
            start = end
        else:
            earliest = max(end - stride, start + 1)
            start = _next_start(earliest, end, bounds, whole=whole)
    return _with_cores(spans)


def _window_end(
    start: int, reached: int, bounds: list[int], capacity: int, max_sentences: int | None
) -> tuple[int, bool]:
    """Return where a window ends, and whether a sentence ends there."""
    first = bisect_right(bounds, reached)
    last = bisect_right(bounds, start + capacity)
    if max_sentences is not None:
        last = min(last, first + max_sentences)
    if last > first:
        return bounds[last - 1], True
    return start + capacity, False


def _next_start(earliest: int, end: int, bounds: list[int], *, whole: bool) -> int:
    position = bisect_left(bounds, earliest)
    if position < len(bounds) and bounds[position] <= end:
        return bounds[position]
    return end if whole else earliest


def _with_cores(spans: list[Span]) -> list[Window]:
    windows = []
    for i, (start, end) in enumerate(spans):
        core_start = start if i == 0 else (start + spans[i - 1][1]) // 2
        core_end = end if i == len(spans) - 1 else (spans[i + 1][0] + end) // 2
        windows.append(Window(start, end, core_start, core_end))
    return windows


def sentence_starts(offsets: Sequence[Span], sentences: Sequence[Sentence]) -> list[int]:
    """Return the first token of each sentence that has one; ``offsets`` are those of the tokens."""
    begins = [start for start, _ in offsets]
    found = (bisect_left(begins, sentence.start) for sentence in sentences)
    return sorted({token for token in found if token < len(offsets)})


def word_starts(text: str, offsets: Sequence[Span]) -> list[int]:
    """Return the tokens that begin a word: those not glued to the letters and digits before.

    Tokens of white space alone begin none. In scripts without spaces every token is a word.

    >>> word_starts("ill, IL6s", [(0, 3), (3, 4), (5, 7), (7, 8), (8, 9)])
    [0, 1, 2]
    """
    found = []
    before = -1
    for index, (start, end) in enumerate(offsets):
        piece = text[start:end]
        if not piece or piece.isspace():
            continue
        glued = start == before and _joins(text[start - 1]) and _joins(text[start])
        # A second token of the same character (byte-level tokenizers) is no new word either.
        if not glued and start >= before:
            found.append(index)
        before = max(before, end)
    return found


def _joins(character: str) -> bool:
    if character.isascii():
        return character.isalnum()
    if not character.isalnum() and not "\u0300" <= character <= "\u036f":
        return False
    code = ord(character)
    return not any(first <= code <= last for first, last in _UNSPACED)
