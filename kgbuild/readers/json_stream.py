"""JSON of any size as a stream of the objects in it, in constant memory.

A collection may be an object with a list of documents, a list, a document alone, or several of
these one after the other (JSON lines): the structure above the documents is walked, and each
document is parsed whole by the standard library.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

__all__ = ["JsonStreamError", "documents"]

CHUNK = 1 << 20
MAX_DOCUMENT = 1 << 28
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_SCALAR_END = re.compile(r"[,\]}\s]")


class JsonStreamError(ValueError):
    """What is wrong with the JSON, and on which line."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


class _Scanner:
    """The place in the text, and the buffer around it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = json.JSONDecoder()
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._buffer = ""
        self._position = 0
        self.line = 1

    def _more(self) -> bool:
        size = max(CHUNK, len(self._buffer) - self._position)
        text = ""
        while not text:
            data = self._stream.read(size)
            try:
                text = self._utf8.decode(data, final=not data)
            except UnicodeDecodeError as error:
                byte = error.object[error.start]
                reason = f"expected UTF-8, found the byte 0x{byte:02x}; convert the file, or name "
                raise JsonStreamError(f"{reason}its encoding", self.line) from None
            if not data and not text:
                return False
        self._buffer = self._buffer[self._position :] + text
        self._position = 0
        return True

    def peek(self) -> str:
        """Return the next character that is not white space, without passing it; '' at the end."""
        while True:
            end = _SPACE.match(self._buffer, self._position).end()  # type: ignore[union-attr]
            self._pass(end)
            if self._position < len(self._buffer):
                return self._buffer[self._position]
            if not self._more():
                return ""

    def take(self, character: str) -> bool:
        """Pass ``character`` if it is next."""
        if self.peek() != character:
            return False
        self._pass(self._position + 1)
        return True

    def value(self) -> Any:
        """Parse and pass the value that is next."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._position)
            except (json.JSONDecodeError, RecursionError) as error:
                if isinstance(error, RecursionError):
                    raise JsonStreamError("nested too deeply", self.line) from None
                cut_off = error.pos >= len(self._buffer) - 16 or "Unterminated" in error.msg
                too_long = len(self._buffer) - self._position > MAX_DOCUMENT
                if cut_off and not too_long and self._more():
                    continue
                line = self.line + self._buffer.count("\n", self._position, error.pos)
                raise JsonStreamError(f"expected JSON, but: {error.msg}", line) from None
            except ValueError:  # what json lets through: an integer of thousands of digits
                reason = "expected numbers of up to 4,300 digits, found a longer one"
                raise JsonStreamError(f"{reason}; put it in quotes", self.line) from None
            if (
                end == len(self._buffer)
                and not isinstance(value, (dict, list, str))
                and self._more()
            ):
                continue
            self._pass(end)
            return value

    def next_line(self) -> bool:
        """Pass the rest of this line; False at the end."""
        while (end := self._buffer.find("\n", self._position)) < 0:
            self._pass(len(self._buffer))
            if not self._more():
                return False
        self._pass(end + 1)
        return True

    def _pass(self, to: int) -> None:
        self.line += self._buffer.count("\n", self._position, to)
        self._position = to


def documents(
    stream: BinaryIO, lists: frozenset[str]
) -> Iterator[tuple[int, Any] | JsonStreamError]:
    """Yield line and value of each document.

    Documents are the items of the lists that top-level objects hold under one of the keys
    ``lists``, the items of top-level lists (walked in the same way), and other objects, whole.
    A problem ends the value that it is in; reading goes on at the next line that starts with
    ``{``, if there is one.
    """
    scanner = _Scanner(stream)
    while True:
        try:
            if not scanner.peek():
                return
            scanner.take(",")
            yield from _value(scanner, lists, 0)
        except JsonStreamError as problem:
            yield problem
            try:
                while scanner.next_line():
                    if scanner.peek() == "{":
                        break
                else:
                    return
            except JsonStreamError as again:
                yield again
                return


def _value(scanner: _Scanner, lists: frozenset[str], depth: int) -> Iterator[tuple[int, Any]]:
    if depth < 3 and scanner.peek() == "[":
        yield from _items(scanner, lists, depth)
    elif depth < 3 and scanner.peek() == "{":
        yield from _object(scanner, lists, depth)
    else:
        line = scanner.line
        yield line, scanner.value()


def _items(scanner: _Scanner, lists: frozenset[str], depth: int) -> Iterator[tuple[int, Any]]:
    scanner.take("[")
    if scanner.take("]"):
        return
    while True:
        yield from _value(scanner, lists, depth + 1)
        if scanner.take("]"):
            return
        if not scanner.take(","):
            raise JsonStreamError(_cut_or("',' or ']'", scanner), scanner.line)


def _object(scanner: _Scanner, lists: frozenset[str], depth: int) -> Iterator[tuple[int, Any]]:
    line = scanner.line
    scanner.take("{")
    rest: dict[str, Any] = {}
    streamed = False
    first = True
    while not scanner.take("}"):
        if not first and not scanner.take(","):
            raise JsonStreamError(_cut_or("',' or '}'", scanner), scanner.line)
        first = False
        key = scanner.value()
        if not isinstance(key, str) or not scanner.take(":"):
            raise JsonStreamError(_cut_or("a key in quotes and ':'", scanner), scanner.line)
        if key in lists and scanner.peek() == "[":
            streamed = True
            yield from _items(scanner, lists, depth)
        else:
            rest[key] = scanner.value()
    if not streamed:
        yield line, rest


def _cut_or(expected: str, scanner: _Scanner) -> str:
    found = scanner.peek()
    if not found:
        return "the input ends within the JSON: it is cut off; fetch the file again"
    return f"expected {expected}, found {found!r}"
