"""The front door: any inputs in, a stream of documents out."""

from __future__ import annotations

import difflib
import importlib
import inspect
import io
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO, get_args

from kgbuild.errors import InputError, KgbuildError
from kgbuild.protocols import Reader, ReadItem
from kgbuild.readers.detection import detect_format
from kgbuild.readers.sources import Source, find_inputs, open_sources
from kgbuild.records import Failure

__all__ = ["READERS", "check_options", "read_documents"]

_CLASSES = {
    "bioc-json": "bioc_json:BiocJsonReader",
    "bioc-xml": "bioc_xml:BiocXmlReader",
    "brat": "brat:BratReader",
    "html": "html:HtmlReader",
    "iob": "iob:IobReader",
    "jats": "jats:JatsReader",
    "jsonl": "jsonl:JsonlReader",
    "markdown": "markdown:MarkdownReader",
    "medline": "medline:MedlineReader",
    "pdf": "pdf:PdfReader",
    "pubmed-xml": "pubmed_xml:PubmedXmlReader",
    "pubtator": "pubtator:PubTatorReader",
    "text": "text:TextReader",
}

_log = logging.getLogger(__name__)

_WHOLE = {"brat", "html", "markdown", "pdf", "text"}  # a file is one document


def _factory(target: str) -> Callable[..., Reader]:
    module, _, name = target.partition(":")

    def make(**options: Any) -> Reader:
        reader: Reader = getattr(importlib.import_module(f"kgbuild.readers.{module}"), name)(
            **options
        )
        return reader

    make.__name__ = name
    make.__doc__ = f"Make a kgbuild.readers.{module}.{name}."
    return make


READERS: Mapping[str, Callable[..., Reader]] = MappingProxyType(
    {name: _factory(target) for name, target in _CLASSES.items()}
)
"""Format name to what makes a reader of it; the reader's options are keyword arguments."""


def read_documents(
    inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    format: str | None = None,
    encoding: str = "",
    max_ratio: float = 200.0,
    opened: Callable[[BinaryIO], None] | None = None,
    **options: Any,
) -> Iterator[ReadItem]:
    """Stream the documents of files, folders, globs and standard input (``-``).

    Folders are walked in sorted order; hidden files are skipped. gzip and zip are seen through.
    What can't be read becomes a ``Failure`` (an empty file, a file of unknown format, a cut-off
    archive after the documents that it still held) and never stops the rest.

    Args:
        inputs: one path, glob or ``-``, or several.
        format: one of ``READERS``; None finds it out for each file.
        encoding: of text without byte order mark; empty means UTF-8. XML says its own.
        max_ratio: how many times its size a compressed file may grow to (from 64 MiB on).
        opened: called with each file's raw stream, whose position says how far reading is.
        options: options of readers; where formats are found out, each reader takes its own.

    Raises:
        InputError: no input, a path that does not exist, a folder without files, or no file of
            a known format among the inputs.
        ValueError: what ``check_options`` finds.
    """
    check_options(format, {"encoding": encoding, "max_ratio": max_ratio, **options})
    found = find_inputs(inputs)
    sources = open_sources(found, max_ratio=max_ratio, encoding=encoding, opened=opened)
    return _read(sources, format, options)


def _read(
    sources: Iterable[Source | Failure], format: str | None, options: dict[str, Any]
) -> Iterator[ReadItem]:
    known = 0
    unknown: list[str] = []
    for source in sources:
        if isinstance(source, Failure):
            known += 1
            yield source
            continue
        if not source.head and not source.name.endswith(".ann"):  # brat's: a text without any
            known += 1
            if not source.problems:
                yield Failure(source.name, "read", f"empty file: {source.name}")
        else:
            try:
                name = format or detect_format(source.head, source.name)
            except InputError as error:
                unknown.append(str(error))
                yield Failure(source.name, "read", str(error))
                continue
            known += 1
            items = _read_source(source, name, options)
            if name in _WHOLE:  # cut off, it would be a document that says something else
                items = iter([item for item in items if not source.problems])
            yield from items
        for problem in source.problems:
            yield Failure(source.name, "read", problem)
    if unknown and not known:
        raise InputError(unknown[0] if len(unknown) == 1 else f"no readable file: {unknown[0]}")


def _read_source(source: Source, name: str, options: dict[str, Any]) -> Iterator[ReadItem]:
    accepted = _options_of(name)
    try:
        reader = READERS[name](**{key: options[key] for key in options if key in accepted})
        yield from reader.read(source.stream, source=source.name)
    except KgbuildError:
        raise
    except Exception as error:  # a reader's mistake must cost one file, not the build
        _log.debug("the %s reader failed on %s", name, source.name, exc_info=error)
        what = f"{type(error).__name__}: {error}"
        yield Failure(source.name, "read", f"the {name} reader failed: {what}; please report it")


def check_options(format: str | None, options: Mapping[str, object]) -> None:
    """Check options as ``read_documents`` takes them, ``encoding`` and ``max_ratio`` included.

    >>> check_options("jsonl", {"text_field": ["abstract", "body"], "encoding": "latin-1"})

    Raises:
        ValueError: an unknown format, option or encoding, a ratio that is no number above 0, or
            a value of another type than a reader's option has.
    """
    if format is not None and format not in READERS:
        raise ValueError(_unknown("format", format, READERS))
    _check_encoding(options.get("encoding", ""))
    ratio = options.get("max_ratio", 1.0)
    if isinstance(ratio, bool) or not isinstance(ratio, (int, float)) or not ratio > 0:
        raise ValueError(f"max_ratio must be a number above 0, got {ratio!r}")
    own = {name: options[name] for name in options if name not in {"encoding", "max_ratio"}}
    if not own:
        return
    readers = [format] if format is not None else list(READERS)
    accepted = set().union(*map(_options_of, readers))
    for option in own:
        if option not in accepted:
            raise ValueError(_unknown("option", option, {*accepted, "encoding", "max_ratio"}))
    for reader in readers:
        _check_types(reader, own)


def _check_types(reader: str, options: Mapping[str, object]) -> None:
    from pydantic import TypeAdapter, ValidationError

    for name, option in inspect.signature(_class(reader), eval_str=True).parameters.items():
        if name not in options:
            continue
        try:
            TypeAdapter(option.annotation).validate_python(options[name], strict=True)
        except ValidationError:
            words = _in_words(option.annotation)
            raise ValueError(
                f"the option {name!r} must be {words}, got {options[name]!r}"
            ) from None


def _in_words(hint: object) -> str:
    words = str(hint) if get_args(hint) else getattr(hint, "__name__", str(hint))
    for type_, word in (
        (r"collections\.abc\.Sequence\[str\]", "a list of texts"),
        (r"\bstr\b", "a text"),
        (r"\bNoneType\b|\bNone\b", "null"),
        (r" \| ", " or "),
    ):
        words = re.sub(type_, word, words)
    return words


def _class(name: str) -> type:
    module, _, attribute = _CLASSES[name].partition(":")
    found: type = getattr(importlib.import_module(f"kgbuild.readers.{module}"), attribute)
    return found


def _options_of(name: str) -> set[str]:
    return set(inspect.signature(_class(name)).parameters)


def _check_encoding(encoding: object) -> None:
    if encoding == "":
        return
    try:
        if not isinstance(encoding, str):
            raise TypeError
        io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    except (LookupError, TypeError, ValueError):
        raise ValueError(
            f"unknown encoding {encoding!r}: name one that Python knows, e.g. latin-1 or cp1252"
        ) from None


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"unknown {what} {name!r}{hint} (known: {', '.join(names) or 'none'})"
