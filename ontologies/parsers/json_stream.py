"""Objects of a JSON array, one after another, without holding the whole."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.lines import READ_ERRORS
from kgbuild.ontologies.parsers.options import failure
from kgbuild.records import Failure

__all__ = ["array_items"]

_CHUNK = 1 << 20
_SPACE = " \t\r\n,"


def array_items(stream: BinaryIO, *, source: str) -> Iterator[tuple[int, Any] | Failure]:
    """Yield the items of the array that ``stream`` holds, each with the line it begins on.

    An array that breaks off, or is broken somewhere, ends with a failure.

    Raises:
        VocabularyError: it doesn't begin with ``[``.
    """
    decoder = json.JSONDecoder()
    chunks = _texts(stream, source=source)
    buffer, at = "", 0
    line, counted = 1, 0  # lines end before `counted`
    opened = ended = False
    while True:
        while at < len(buffer) and buffer[at] in _SPACE:
            at += 1
        if not opened and at < len(buffer):
            if buffer[at] != "[":
                raise VocabularyError(f"{source}: expected a JSON array, which begins with '['")
            opened, at = True, at + 1
            continue
        if at < len(buffer) and buffer[at] == "]":
            return
        line += buffer.count("\n", counted, at)
        counted = at
        problem = "it ends in the middle"
        if at < len(buffer):
            try:
                item, end = decoder.raw_decode(buffer, at)
            except json.JSONDecodeError as error:
                problem = error.msg
            else:
                yield line, item
                at = end
                continue
        if ended:
            yield failure(source, line, f"not JSON from here on ({problem}): fetch it again")
            return
        buffer, at, counted = buffer[at:], 0, 0
        more = next(chunks, None)
        if isinstance(more, Failure):
            yield more
            return
        ended = more is None
        buffer += more or ""


def _texts(stream: BinaryIO, *, source: str) -> Iterator[str | Failure]:
    decode = codecs.getincrementaldecoder("utf-8-sig")().decode
    size = 0
    while True:
        try:
            data = stream.read(_CHUNK)
            text = decode(data, final=not data)
        except UnicodeDecodeError as error:
            yield failure(source, 1, f"not UTF-8 near byte {size + error.start}: save it as UTF-8")
            return
        except READ_ERRORS as error:
            yield failure(source, 1, f"it breaks off after {size} bytes ({error}): fetch it again")
            return
        size += len(data)
        if text:
            yield text
        if not data:
            return
