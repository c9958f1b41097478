"""Folding running text fast, with the way back from a place in the key to the text.

Texts repeat their words, so what stands between two spaces is folded once and remembered: a text's
key is then a join of remembered pieces, and offsets are worked out only where a name is found.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterable
from itertools import accumulate, pairwise
from typing import TypeAlias

from kgbuild.normalizer.folding import roman_number
from kgbuild.normalizer.normal_form import normal_form, normal_key, tokens

__all__ = ["FoldedText"]

_Places: TypeAlias = tuple[dict[int, int], dict[int, int]]
_LONG = 80
_MOST = 300_000


class _Pieces(dict[str, bytes]):
    """What each run of characters between spaces adds to a key, in UTF-8: ``b"tnf alpha "``.

    ``numerals`` are those whose first token is a Roman numeral after some words only, so that
    they can't be folded alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.numerals: set[str] = set()

    def __missing__(self, chunk: str) -> bytes:
        piece = normal_key(chunk)[1:].encode("utf-8", "surrogatepass")
        if len(chunk) <= _LONG:
            if len(self) > _MOST:
                self.clear()
            self[chunk] = piece
        if piece and (first := tokens(chunk)[0])[0] in "IVXivx" and roman_number(first):
            self.numerals.add(chunk)
        return piece


class _AllPlaces(dict[str, _Places]):
    """Where the tokens of each run lie, in its piece of the key and in itself."""

    def __missing__(self, chunk: str) -> _Places:
        if len(self) > _MOST:
            self.clear()
        self[chunk] = places = _places(chunk)
        return places


def _places(chunk: str) -> _Places:
    """Return for each place in the piece where a token begins (ends) where it does in ``chunk``.

    The place of a beginning is that of the space before; of an end, the place after the space.
    """
    form = normal_form(chunk)
    places = form.places
    if not form.key.isascii():
        pieces = (form.key[before:after] for before, after in pairwise(places))
        widths = (len(piece.encode("utf-8", "surrogatepass")) for piece in pieces)
        places = list(accumulate(widths, initial=0))
    starts = {place: span[0] for place, span in zip(places, form.spans, strict=False)}
    ends = {place: span[1] for place, span in zip(places[1:], form.spans, strict=True)}
    return starts, ends


_pieces = _Pieces()
_all_places = _AllPlaces()


class FoldedText:
    """A text's key in UTF-8, as ``normal_form(text).key`` has it, and the way back.

    >>> text = FoldedText("the TNF-α, type II")
    >>> text.key.decode()
    ' the tnf alpha type 2 '
    >>> text.spans([(4, 15, 7)])
    [(4, 9, 7)]
    """

    __slots__ = ("_chunks", "_key_starts", "_places", "_text_starts", "key")

    def __init__(self, text: str) -> None:
        if "\n" in text or "\t" in text or "\r" in text:
            text = text.replace("\n", " ").replace("\t", " ").replace("\r", " ")
        chunks = text.split(" ")
        pieces = [_pieces[chunk] for chunk in chunks]
        if not _pieces.numerals.isdisjoint(chunks):
            chunks = _with_words_before(chunks, pieces)
            pieces = [_pieces[chunk] for chunk in chunks]
        folded = b"".join(pieces)
        self.key = b" " + folded if folded else b""
        self._chunks = chunks
        self._key_starts = list(accumulate(map(len, pieces), initial=0))
        self._text_starts = list(accumulate(map(len, chunks), initial=0))
        # What is too long to be remembered for all texts is remembered for this one.
        long = max(map(len, chunks)) > _LONG
        self._places: dict[str, _Places] = _AllPlaces() if long else _all_places

    def spans(
        self, matches: Iterable[tuple[int, int, int]], *, without: Container[int] = ()
    ) -> list[tuple[int, int, int]]:
        """Return ``(start, end, number)`` in the text for each such match in the key.

        A match begins and ends with the space around a token; where it doesn't (in the middle of
        a token that folds to two words), it is left out, as are the numbers in ``without``.
        """
        found = []
        chunks, places = self._chunks, self._places
        key_starts, text_starts = self._key_starts, self._text_starts
        for start, end, number in matches:
            if number in without:
                continue
            first = bisect_right(key_starts, start) - 1
            origin = key_starts[first]
            starts, ends = places[chunks[first]]
            at = starts.get(start - origin)
            last = first
            if key_starts[first + 1] < end - 1:
                last = bisect_right(key_starts, end - 2, first) - 1
                origin = key_starts[last]
                ends = places[chunks[last]][1]
            to = ends.get(end - 1 - origin)
            if at is not None and to is not None:
                # One space stands between a run and the next.
                begin, stop = text_starts[first] + first + at, text_starts[last] + last + to
                found.append((begin, stop, number))
        return found


def _with_words_before(chunks: list[str], pieces: list[bytes]) -> list[str]:
    """Join runs that begin with what may be a Roman numeral to the word before them."""
    groups: list[list[str]] = []
    known: list[bytes] = []
    for chunk, piece in zip(chunks, pieces, strict=True):
        if groups and chunk in _pieces.numerals:
            while len(groups) > 1 and not known[-1]:
                known.pop()
                tail = groups.pop()
                groups[-1] += tail
            groups[-1].append(chunk)
            known[-1] = piece
        else:
            groups.append([chunk])
            known.append(piece)
    return [" ".join(group) for group in groups]
