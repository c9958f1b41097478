"""Cuts an XML stream at the tags of its records, without parsing it."""

from __future__ import annotations

import re
from typing import BinaryIO

__all__ = ["MAX_RECORD", "XmlCutter"]

CHUNK = 1 << 20
MAX_RECORD = 1 << 28
_TAIL = 300


class XmlCutter:
    """The place in a stream, and the buffer around it.

    ``prolog`` is what precedes the first record (comments left out, at most a mebibyte), ``tail``
    the last bytes that belong to no record, ``line`` the line of the current place, from 1.
    """

    def __init__(self, stream: BinaryIO, tags: tuple[str, ...]) -> None:
        names = "|".join(map(re.escape, tags)).encode()
        self._start = re.compile(rb"<!--|<((?:[\w.-]+:)?(?:" + names + rb"))(?=[\s/>])")
        self._stream = stream
        self._buffer = b""
        self._position = 0
        self.line = 1
        self.count = 0
        self.prolog = b""
        self.tail = b""
        self.nothing = True

    def next(self) -> tuple[int, bytes, bool] | None:
        """Return the next record: its line, its bytes, and whether its end was found."""
        while True:
            match = self._start.search(self._buffer, self._position)
            if match is None:
                self._skip(max(self._position, len(self._buffer) - _TAIL))
                if not self._more():
                    self._skip(len(self._buffer))
                    return None
                continue
            self._skip(match.start())
            if match[1] is None:
                end = self._find(b"-->", 4)
                self._drop(end + 3 if end >= 0 else len(self._buffer) - self._position)
                continue
            end = self._find_end(match[1])
            self.count += 1
            line = self.line
            stop = self._position + end if end >= 0 else len(self._buffer)
            data = self._buffer[self._position : stop]
            self._drop(len(data))
            return line, data, end >= 0

    def second_start(self, data: bytes) -> int:
        """Return where another record of the same tag starts inside ``data``, or -1.

        Records of one tag don't nest, so the first was not closed if there is one.
        """
        own = self._start.match(data)
        for match in self._start.finditer(data, 1):
            if match[1] is not None and own is not None and match[1] == own[1]:
                return match.start()
        return -1

    def _more(self) -> bool:
        chunk = self._stream.read(max(CHUNK, len(self._buffer) - self._position))
        if chunk:
            self.nothing = False
            self._buffer = self._buffer[self._position :] + chunk
            self._position = 0
        return bool(chunk)

    def _skip(self, to: int) -> None:
        passed = self._buffer[self._position : to]
        if self.count == 0 and len(self.prolog) < CHUNK:
            self.prolog += passed
        self.tail = (self.tail + passed)[-_TAIL:]
        self._drop(len(passed))

    def _drop(self, length: int) -> None:
        self.line += self._buffer.count(b"\n", self._position, self._position + length)
        self._position += length

    def _find(self, needle: bytes, start: int) -> int:
        """Return where ``needle`` is, from the current place on, or -1; reads as needed."""
        while True:
            found = self._buffer.find(needle, self._position + start)
            if found >= 0:
                return found - self._position
            length = len(self._buffer) - self._position
            start = max(start, length - len(needle) + 1)
            if length > MAX_RECORD or not self._more():
                return -1

    def _find_end(self, name: bytes) -> int:
        close = self._find(b">", 0)
        if close < 0:
            return -1
        if self._buffer[self._position + close - 1] == ord("/"):
            return close + 1
        start = close
        while (found := self._find(b"</" + name, start)) >= 0:
            close = self._find(b">", found)
            if close < 0:
                return -1
            after = self._position + found + 2 + len(name)
            if not self._buffer[after : self._position + close].strip():
                return close + 1
            start = found + 1
        return -1
