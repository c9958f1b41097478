"""Lines of a byte stream, decoded one by one so that a bad one costs only itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

__all__ = ["Line", "decode", "lines"]


class Line(NamedTuple):
    """A line without its end; ``error`` says why it could not be decoded, ``number`` is from 1."""

    number: int
    text: str
    error: str


def decode(data: bytes, *, offset: int = 0) -> tuple[str, str]:
    """Return UTF-8 ``data`` as text, and an empty string or the reason why it is not UTF-8.

    Text that is not UTF-8 comes back with U+FFFD for what can't be decoded.
    """
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        byte = data[error.start]
        reason = (
            f"expected UTF-8, but byte {offset + error.start} is 0x{byte:02x}; convert the file "
            "or name its encoding, e.g. encoding='latin-1'"
        )
        return data.decode("utf-8", "replace"), reason


def lines(stream: BinaryIO) -> Iterator[Line]:
    """Yield the lines of ``stream``, which end at line feeds only."""
    for number, data in enumerate(stream, start=1):
        text, error = decode(data)
        yield Line(number, text.rstrip("\r\n"), error)
