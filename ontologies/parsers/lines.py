"""Lines of a text file, whatever is wrong with it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.parsers.options import failure
from kgbuild.records import Failure

__all__ = ["MAX_LINE", "READ_ERRORS", "lines_of"]

MAX_LINE = 16 * 1024 * 1024
READ_ERRORS = (EOFError, OSError, zlib.error)  # what a truncated or corrupt gz raises
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def lines_of(stream: BinaryIO, *, source: str) -> Iterator[tuple[int, str] | Failure]:
    """Yield numbered lines from 1, without line ends; a line that isn't UTF-8 as a failure.

    A file that breaks off (a truncated gz) ends with a failure; what came before is kept.

    Raises:
        VocabularyError: the file is UTF-16.
    """
    number = 0
    while True:
        number += 1
        try:
            raw = stream.readline(MAX_LINE)
        except READ_ERRORS as error:
            yield failure(
                source, number, f"the file breaks off or is corrupt ({error}): fetch it again"
            )
            return
        if not raw:
            return
        if number == 1:
            if raw.startswith(_UTF16):
                raise VocabularyError(
                    f"{source}: expected UTF-8, got UTF-16: convert it (iconv -f UTF-16 -t UTF-8)"
                )
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        try:
            yield number, raw.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            byte = raw[error.start]
            yield failure(
                source, number,
                f"not UTF-8 (byte 0x{byte:02x} at {error.start}): expected UTF-8; save it so",
            )  # fmt: skip
