"""Where documents come from: files, folders, globs, standard input, gzip and zip."""

from __future__ import annotations

import difflib
import glob
import io
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from kgbuild.errors import InputError
from kgbuild.readers.streams import (
    CHUNK,
    UNSUSPECTED,
    chunks_of,
    gunzip,
    open_chunks,
    sniff_encoding,
    too_large,
    transcode,
)
from kgbuild.records import Failure

__all__ = [
    "Source",
    "find_inputs",
    "input_files",
    "open_sources",
    "printable",
    "read_beside",
    "stamp_of",
]

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
HEAD = 1 << 16


@dataclass(slots=True)
class Source:
    """An open stream of one file or archive member, already decompressed.

    ``head`` is its first bytes (64 KiB at most), still to be read from ``stream``. ``problems``
    fills while it is read.
    """

    name: str
    stream: io.BufferedReader
    head: bytes
    problems: list[str] = field(default_factory=list)


def find_inputs(inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return the inputs that exist: files, folders and ``-``, globs expanded and sorted.

    Raises:
        InputError: no input at all, a path or glob that matches nothing, a folder without a
            single file that isn't hidden.
    """
    given = [inputs] if isinstance(inputs, (str, os.PathLike)) else list(inputs)
    if not given:
        raise InputError("no input: name a file, a folder, a glob, or - for standard input")
    found: list[str] = []
    for item in (os.fspath(path) for path in given):
        if item == "-" or Path(item).exists():
            found.append(item)
            continue
        # Path.glob takes no absolute pattern, so the function it is.
        pattern = glob.has_magic(item)
        matches = sorted(glob.glob(item, recursive=True)) if pattern else []  # noqa: PTH207
        if not matches:
            raise InputError(_absent(item))
        found += matches
    for item in found:
        if item != "-" and Path(item).is_dir() and next(_walk(Path(item)), None) is None:
            raise InputError(f"empty folder: {item} holds no file (hidden files don't count)")
    return found


def input_files(inputs: Iterable[str]) -> Iterator[str]:
    """Yield the files that ``inputs`` name, folders walked in sorted order; ``-`` stays.

    Raises:
        InputError: see ``find_inputs``.
    """
    for item in find_inputs(inputs):
        if item != "-" and Path(item).is_dir():
            yield from map(str, _walk(Path(item)))
        else:
            yield item


def _absent(item: str) -> str:
    path = Path(item)
    if glob.has_magic(item):
        return f"no file matches {item!r}; quote the pattern, or use ** for folders within folders"
    parent = path.parent
    while not parent.is_dir() and parent != parent.parent:
        path, parent = parent, parent.parent
    names = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    hint = f"; did you mean {parent / near[0]}?" if near else f"; {parent} has no such name"
    return f"no such file or folder: {item}{hint}"


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and not _is_text_of(name, files):
                yield Path(root, name)


def _is_text_of(name: str, names: Collection[str]) -> bool:
    """Tell whether a file is the text of a brat file beside it, with which it is read."""
    return name.endswith(".txt") and f"{name[:-4]}.ann" in names


def stamp_of(name: str) -> tuple[str, int]:
    """Return a text that changes whenever a file, or the text that it annotates, does; its size."""
    status = Path(name).stat()
    stamp = f"{status.st_size}:{status.st_mtime_ns}"
    text = Path(name).with_suffix(".txt")
    if name.endswith(".ann") and text.is_file():
        stamp += f":{text.stat().st_size}:{text.stat().st_mtime_ns}"
    return stamp, status.st_size


def read_beside(source: str, suffix: str) -> bytes:
    """Return the file of the same name with another ending, from a folder or a zip archive.

    ``source`` is what a ``Source`` is called.

    Raises:
        InputError: there is none, it can't be read, or is larger than 64 MiB.
    """
    archive, _, member = ("", "", source) if Path(source).exists() else source.rpartition("!")
    name = str(PurePosixPath(member).with_suffix(suffix))
    try:
        if archive:
            with zipfile.ZipFile(archive) as opened, opened.open(name) as stream:
                data = stream.read(UNSUSPECTED + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(UNSUSPECTED + 1)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"expected {name} beside {source}, which can't be read: {reason}"
        ) from error
    if len(data) > UNSUSPECTED:
        raise InputError(f"{name} beside {source} is larger than {UNSUSPECTED >> 20} MiB: cut it")
    return data


def open_sources(
    inputs: Iterable[str],
    *,
    max_ratio: float = 200.0,
    encoding: str = "",
    opened: Callable[[BinaryIO], None] | None = None,
) -> Iterator[Source | Failure]:
    """Open every file of ``inputs`` in turn, members of archives too; close it when moving on.

    Folders are walked in sorted order; hidden files are skipped. ``max_ratio`` guards against
    decompression bombs, see ``gunzip``. ``encoding`` is that of text without byte order mark;
    empty means UTF-8. ``opened`` is called with each file's raw stream, whose position says how
    far reading is.
    """
    for item in inputs:
        if item == "-":
            yield from _open(sys.stdin.buffer, "-", max_ratio, encoding)
            continue
        for path in _walk(Path(item)) if Path(item).is_dir() else (Path(item),):
            try:
                with path.open("rb") as stream:
                    if opened:
                        opened(stream)
                    yield from _open(stream, printable(str(path)), max_ratio, encoding)
            except OSError as error:
                reason = f"can't be opened: {error.strerror or error}"
                yield Failure(printable(str(path)), "read", reason)


def printable(name: str) -> str:
    r"""Return a file's name with the bytes that are not UTF-8 written as escapes.

    >>> printable("caf\udce9.txt")
    'caf\\xe9.txt'
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _open(
    stream: BinaryIO, name: str, max_ratio: float, encoding: str
) -> Iterator[Source | Failure]:
    problems: list[str] = []
    chunks = chunks_of(stream, problems)
    first = next(chunks, b"")
    if first.startswith(_ZIP):
        if stream.seekable():
            stream.seek(0)
            yield from _members(stream, name, max_ratio, encoding)
        else:
            with tempfile.SpooledTemporaryFile(CHUNK * 64) as copy:
                for chunk in chain((first,), chunks):
                    copy.write(chunk)
                copy.seek(0)
                yield from _members(copy, name, max_ratio, encoding)  # type: ignore[arg-type]
        return
    yield _source(chain((first,), chunks), name, problems, max_ratio, encoding)


def _source(
    chunks: Iterator[bytes], name: str, problems: list[str], max_ratio: float, encoding: str
) -> Source:
    first = next(chunks, b"")
    chunks = chain((first,), chunks)
    if first.startswith(_GZIP):
        chunks = gunzip(chunks, problems, max_ratio=max_ratio)
        first = next(chunks, b"")
        chunks = chain((first,), chunks)
    mark = sniff_encoding(first)
    if mark == "utf-8-sig":
        # The mark alone is dropped, so that a bad byte later costs only its own document.
        next(chunks)
        first = first[3:]
        chunks = chain((first,), chunks)
    elif found := mark or (encoding if _is_other(encoding) else ""):
        chunks = transcode(chunks, found, problems)
        first = next(chunks, b"")
        chunks = chain((first,), chunks)
    return Source(name, open_chunks(chunks), first[:HEAD], problems)


def _is_other(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") not in {"", "utf-8", "utf8"}


def _members(
    stream: BinaryIO, name: str, max_ratio: float, encoding: str
) -> Iterator[Source | Failure]:
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, OSError) as error:
        yield Failure(name, "read", f"not a readable zip archive: {error}; fetch it again")
        return
    with archive:
        names = set(archive.namelist())
        for info in archive.infolist():
            inner = f"{name}!{info.filename}"
            if info.is_dir() or any(part.startswith(".") for part in Path(info.filename).parts):
                continue
            if _is_text_of(info.filename, names):
                continue
            if info.flag_bits & 1:
                yield Failure(inner, "read", "encrypted zip member; unpack it with its password")
                continue
            problems: list[str] = []
            chunks = _member_chunks(archive, info, problems, max_ratio)
            yield _source(chunks, inner, problems, max_ratio, encoding)


def _member_chunks(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, problems: list[str], max_ratio: float
) -> Iterator[bytes]:
    limit = max(UNSUSPECTED, max_ratio * max(info.compress_size, 1))
    written = 0
    try:
        with archive.open(info) as member:
            while chunk := member.read(CHUNK):
                written += len(chunk)
                yield chunk
                if written > limit:
                    problems.append(too_large(max_ratio))
                    return
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
        problems.append(f"damaged zip member: {error or 'cut off'}; fetch the archive again")
