"""Byte streams that end where their bytes can't be trusted, and say why.

A truncated gzip file still holds whole documents. So what goes wrong below a reader is noted
in a list instead of raised, the stream ends there, and ``read_documents`` reports it after the
documents that came before.
"""

from __future__ import annotations

import codecs
import io
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

__all__ = [
    "CHUNK",
    "chunks_of",
    "gunzip",
    "open_chunks",
    "sniff_encoding",
    "too_large",
    "transcode",
]

CHUNK = 1 << 18
UNSUSPECTED = 1 << 26
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class _ChunkStream(io.RawIOBase):
    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def open_chunks(chunks: Iterable[bytes]) -> io.BufferedReader:
    """Return a buffered binary stream of ``chunks``."""
    return io.BufferedReader(_ChunkStream(iter(chunks)), CHUNK)


def chunks_of(stream: BinaryIO, problems: list[str]) -> Iterator[bytes]:
    """Yield what ``stream`` holds; an error of the system ends it and is noted."""
    while True:
        try:
            chunk = stream.read(CHUNK)
        except OSError as error:
            problems.append(f"reading failed: {error.strerror or error}")
            return
        if not chunk:
            return
        yield chunk


def gunzip(chunks: Iterable[bytes], problems: list[str], *, max_ratio: float) -> Iterator[bytes]:
    """Yield the decompressed bytes of a gzip stream of any number of members.

    ``max_ratio`` is the most that output may exceed input, counted from 64 MiB of output on.
    """
    decoder = zlib.decompressobj(wbits=31)
    read = written = 0
    started = False
    for chunk in chunks:
        read += len(chunk)
        data = chunk
        while data and (started or data.strip(b"\0")):
            started = True
            before = decoder.copy()
            try:
                output = decoder.decompress(data, CHUNK)
            except zlib.error as error:
                problems.append(f"damaged gzip data: {error}; fetch the file again")
                if rest := _salvage(before, data):
                    yield rest
                return
            if output:
                written += len(output)
                yield output
            if written > max(UNSUSPECTED, max_ratio * read):
                problems.append(too_large(max_ratio))
                return
            data = decoder.unconsumed_tail
            if decoder.eof:
                data = decoder.unused_data
                decoder = zlib.decompressobj(wbits=31)
                started = False
    if started:
        if output := decoder.flush():
            yield output
        problems.append("the gzip data is cut off; what precedes was read; fetch the file again")


def _salvage(decoder: zlib._Decompress, data: bytes) -> bytes:
    """Return what can be decompressed of ``data`` before its damage."""
    output = bytearray()
    while data:
        try:
            output += decoder.decompress(data, 1)
        except zlib.error:
            break
        data = decoder.unconsumed_tail
    return bytes(output)


def too_large(max_ratio: float) -> str:
    """Return the reason for which a decompression was stopped."""
    return (
        f"decompresses to over {max_ratio:g} times its size: stopped as a possible "
        "decompression bomb; raise max_ratio if it is none"
    )


def sniff_encoding(head: bytes) -> str:
    """Return the encoding that the byte order mark at the start of ``head`` names, or empty."""
    return next((name for mark, name in _BOMS if head.startswith(mark)), "")


def transcode(chunks: Iterable[bytes], encoding: str, problems: list[str]) -> Iterator[bytes]:
    """Yield UTF-8 for chunks in ``encoding``; what can't be decoded ends it and is noted."""
    decoder = codecs.getincrementaldecoder(encoding)()
    read = 0
    for chunk in chain(chunks, (b"",)):
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            problems.append(
                f"expected {encoding} text, but the bytes near byte {read + error.start} are not: "
                f"{error.reason}"
            )
            return
        read += len(chunk)
        if text:
            yield text.encode("utf-8", "replace")
