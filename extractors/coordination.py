"""Names that share a word with the next one: "palmar and plantar pits"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

__all__ = ["coordinated", "may_be_listed"]

_REACH = 60
_ITEM = r"(?:[^\W\d_][\w'’-]*\s){0,2}[^\W\d_][\w'’-]*"
_BEFORE = re.compile(rf"(?<![\w-])(?P<item>{_ITEM})(?P<join>,?\s(?:and/or|and|or)\s|,\s|/)\Z")
_AFTER = re.compile(
    r"(?P<join>\s(?:and/or|and|or)\s)(?P<article>the\s)?"
    rf"(?P<item>{_ITEM})(?![\w-])"
)
_OF = re.compile(r"\s(?:of|in)\s(?:the\s)?")
_WORD = re.compile(r"\S+")
_LISTED = 4
_ENDS = ("and ", "or ", "/")
_BEGINS = (" and", " or ")

Known = Callable[[str], bool]


def may_be_listed(text: str, start: int, end: int) -> bool:
    """Tell quickly whether a list may end or go on at a name.

    >>> may_be_listed("fever and dry cough", 10, 19), may_be_listed("a dry cough.", 2, 11)
    (True, False)
    """
    before, after = text[max(0, start - 4) : start], text[end : end + 4]
    return before.endswith(_ENDS) or after.startswith(_BEGINS)


def coordinated(text: str, start: int, end: int, known: Known) -> Iterator[tuple[int, int]]:
    """Yield the longer places at which the name ``text[start:end]`` ends or begins a list.

    "plantar pits" after "palmar and" is one where "palmar pits" is a name; "cyst of the kidney"
    before "or liver" is one where "cyst of the liver" is a name.

    Args:
        text: the document's.
        start: of a name of several words in it.
        end: of the same.
        known: tells whether words are a name of the same kind.

    >>> text = "with hepatic, cardiac and renal cysts"
    >>> places = coordinated(text, 26, 37, {"cardiac cysts", "hepatic cysts"}.__contains__)
    >>> [text[a:b] for a, b in places]
    ['cardiac and renal cysts', 'hepatic, cardiac and renal cysts']
    >>> text = "cyst of the kidney or liver"
    >>> places = coordinated(text, 0, 18, {"cyst of the liver"}.__contains__)
    >>> [text[a:b] for a, b in places]
    ['cyst of the kidney or liver']
    """
    name = text[start:end]
    if " " not in name:
        return
    yield from ((place, end) for place in _starts(text, start, name, known))
    for opening in _OF.finditer(name):
        if at := _end(text, end, name[: opening.end()], known):
            yield start, at


def _starts(text: str, start: int, name: str, known: Known) -> Iterator[int]:
    """Yield the beginnings of the items before a name, the nearest first."""
    heads = [name[word.start() :] for word in _WORD.finditer(name)][1:]
    at = start
    for number in range(_LISTED):
        match = _BEFORE.search(text, max(0, at - _REACH), at)
        # Of a list's last item the word says that it is one; a comma alone may end a clause.
        if not match or (number == 0 and match["join"].strip() == ","):
            return
        words = [word.start() + match.start("item") for word in _WORD.finditer(match["item"])]
        found = next(
            (
                place
                for place in words
                if any(known(f"{text[place : match.end('item')]} {head}") for head in heads)
            ),
            -1,
        )
        if found < 0:
            return
        yield found
        at = found


def _end(text: str, end: int, opening: str, known: Known) -> int:
    """Return where the item after a name ends, or 0 where none belongs to it."""
    match = _AFTER.match(text, end, end + _REACH)
    if not match:
        return 0
    words = [word.end() + match.start("item") for word in _WORD.finditer(match["item"])]
    whole = (at for at in reversed(words) if known(f"{opening}{text[match.start('item') : at]}"))
    return next(whole, 0)
