"""Names of several things in one: "BRCA1/2", "breast and ovarian cancer", "type I and II collagen".

Nothing here knows what exists: every way to take a name apart is offered, and the linker takes the
first of which all parts are names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["may_be_composite", "splits"]

_JOIN = re.compile(r"\s*(?:,\s*(?:and/or|and|or)\s+|,\s+|/|\s(?:and/or|and|or|as well as)\s+)\s*")
_SIGN = re.compile(r"\b(?:and|or)\b|/|,\s", re.I)
_NUMBERED = re.compile(
    r"(?P<stem>.*?[^\W\d_])(?P<gap>[\s-]?)(?P<first>\d{1,3}[A-Za-z]?)"
    r"(?P<rest>(?:(?:\s*/\s*|\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+)-?\d{1,3}[A-Za-z]?)+)"
    r"(?P<tail>(?:[\s-].*)?)"
)
_HYPHENED = re.compile(
    r"(?P<stem>.+)-(?P<first>[^\s-]+)(?P<rest>(?:(?:\s*[,/]\s*|\s+and\s+|\s+or\s+)-[^\s-]+)+)"
)
_LETTERED = re.compile(
    r"(?P<stem>.*[\s-])(?P<first>[A-Z]|[IVX]{1,4}|alpha|beta|gamma|delta|[α-ω])"
    r"(?P<rest>(?:\s*/\s*|\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+)"
    r"(?:[A-Z]|[IVX]{1,4}|alpha|beta|gamma|delta|[α-ω]))(?P<tail>(?:\s.*)?)"
)
_ITEM = re.compile(r"\d{1,3}[A-Za-z]?|alpha|beta|gamma|delta|[α-ω]|[A-Z]+")
_OF = re.compile(r"(?P<head>.+?\s(?:of|in|from|to)\s(?:the\s)?)(?P<rest>.+)", re.I)
_DETERMINER = re.compile(r"(?:both|either|the|a|an)\s+", re.I)
_MOST = 8


def may_be_composite(text: str) -> bool:
    """Tell quickly whether a name could name several things."""
    return _SIGN.search(text) is not None


def splits(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the ways to read ``text`` as several names, the most literal first.

    >>> next(splits("BRCA1/2"))
    ('BRCA1', 'BRCA2')
    >>> next(splits("type I and II collagen"))
    ('type I collagen', 'type II collagen')
    >>> list(splits("breast and ovarian cancer"))[0]
    ('breast cancer', 'ovarian cancer')
    >>> list(splits("cancer of the breast and ovaries"))[-1]
    ('cancer of the breast', 'cancer of the ovaries')
    >>> list(splits("asthma"))
    []
    """
    if not may_be_composite(text) or len(text) > 200:
        return
    seen: set[tuple[str, ...]] = set()
    for parts in _readings(" ".join(text.split())):
        clean = tuple(" ".join(part.split()) for part in parts)
        if clean not in seen and 2 <= len(clean) <= _MOST and all(map(_is_name, clean)):
            seen.add(clean)
            yield clean


def _is_name(part: str) -> bool:
    return len(part) >= 2 and any(c.isalpha() for c in part) and part[0] != "-"


def _readings(text: str) -> Iterator[tuple[str, ...]]:
    for pattern in (_NUMBERED, _LETTERED):
        if match := pattern.fullmatch(text):
            gap = match["gap"] if pattern is _NUMBERED else ""
            items = [match["first"], *_ITEM.findall(match["rest"])]
            yield tuple(f"{match['stem']}{gap}{item}{match['tail']}" for item in items)
    if match := _HYPHENED.fullmatch(text):  # TGF-beta1 and -beta2
        items = [match["first"], *re.findall(r"-([^\s-]+)", match["rest"])]
        yield tuple(f"{match['stem']}-{item}" for item in items)
    pieces = [_DETERMINER.sub("", p, count=1) if not i else p for i, p in _pieces(text)]
    if len(pieces) < 2:
        return
    yield from _shared_head(pieces)
    yield from _shared_start(pieces)
    yield tuple(pieces)
    if (match := _OF.fullmatch(text)) and _JOIN.search(match["rest"]):
        inner = [piece for _, piece in _pieces(match["rest"])]
        yield tuple(match["head"] + _DETERMINER.sub("", piece, count=1) for piece in inner)


def _pieces(text: str) -> list[tuple[int, str]]:
    return list(enumerate(piece for piece in _JOIN.split(text) if piece.strip()))


def _shared_head(pieces: list[str]) -> Iterator[tuple[str, ...]]:
    """The end of the last piece belongs to all: "breast and ovarian cancer"."""
    words = pieces[-1].split()
    for size in range(len(words) - 1, 0, -1):
        head = " ".join(words[-size:])
        yield tuple(
            f"{piece.rstrip('-')} {head}" if i < len(pieces) - 1 else piece
            for i, piece in enumerate(pieces)
        )


def _shared_start(pieces: list[str]) -> Iterator[tuple[str, ...]]:
    """The beginning of the first piece belongs to all: "pancreatic cysts and tumors"."""
    words = pieces[0].split()
    for size in range(1, len(words)):
        start = " ".join(words[:size])
        yield (pieces[0], *(f"{start} {piece}" for piece in pieces[1:]))
