"""Reading into shards: what is new is kept, what is known is skipped, what clashes is listed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from kgbuild.config import ReadingConfig, RunConfig
from kgbuild.errors import ConfigError, InputError
from kgbuild.ledger import DocumentEntry, StageDone
from kgbuild.protocols import ReadItem
from kgbuild.records import (
    AnnotatedDocument,
    Document,
    Failure,
    Withdrawal,
    content_hash,
    document_hash,
)
from kgbuild.stages import STAGE_TABLES
from kgbuild.tabular import to_tables
from kgbuild.workspace import Workspace, write_shard

__all__ = ["Intake", "IntakeCounts", "Source", "from_documents", "from_inputs", "size_of"]

MEMORY = "<memory>"
READ = "read"


@dataclass(frozen=True, slots=True)
class Source:
    """An input with a name and a stamp that changes when its content does (empty: unknown).

    ``position`` says how many of its ``size`` bytes are read; both are 0 where that can't be known.
    """

    name: str
    stamp: str
    items: Iterable[ReadItem]
    position: Callable[[], int] = int
    size: int = 0


@dataclass(slots=True)
class IntakeCounts:
    """What reading found."""

    inputs_read: int = 0
    inputs_unchanged: int = 0
    new: int = 0
    known: int = 0
    replaced: int = 0
    withdrawn: int = 0
    failures: int = 0


@dataclass(slots=True)
class _Pending:
    """What the next shard will hold."""

    items: dict[str, AnnotatedDocument] = field(default_factory=dict)
    entries: dict[str, DocumentEntry] = field(default_factory=dict)
    failures: list[tuple[Failure, str]] = field(default_factory=list)
    retired: list[tuple[DocumentEntry, str]] = field(default_factory=list)
    finished: list[tuple[str, str]] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    characters: int = 0

    def __bool__(self) -> bool:
        return bool(self.items or self.failures or self.retired or self.finished)


def from_inputs(inputs: Iterable[str], reading: ReadingConfig) -> Iterator[Source]:
    """Yield a source for each file that ``inputs`` (files, folders, globs, ``-``) name.

    Raises:
        InputError: an input doesn't exist or holds nothing to read.
    """
    from kgbuild.readers.sources import input_files, printable

    options = content_hash(reading.model_dump_json())
    for name in input_files(inputs):
        stamp, size = "", 0
        if name != "-":
            status = Path(name).stat()
            size = status.st_size
            stamp = f"{status.st_size}:{status.st_mtime_ns}:{options}"
        file = _File(name, reading)
        yield Source(printable(name), stamp, file.items(), file.position, size)


@dataclass(slots=True)
class _File:
    """One input file, and how far it is read."""

    name: str
    reading: ReadingConfig
    stream: BinaryIO | None = None

    def items(self) -> Iterator[ReadItem]:
        """Yield what the file holds."""
        from kgbuild.readers import read_documents

        options = self.reading.options
        try:
            items = read_documents(
                [self.name], format=self.reading.format, opened=self._opened, **options
            )
        except ValueError as error:
            raise ConfigError(f"reading: {error}") from error
        with suppress(InputError):  # a file of unknown format; its failure has been yielded
            yield from items

    def _opened(self, stream: BinaryIO) -> None:
        self.stream = stream

    def position(self) -> int:
        """Return how many of the file's bytes are read; all once it is closed."""
        if self.stream is None or self.name == "-":
            return 0
        return Path(self.name).stat().st_size if self.stream.closed else self.stream.tell()


def size_of(inputs: Sequence[str]) -> int:
    """Return the bytes of the files that ``inputs`` name; standard input counts as none.

    Raises:
        InputError: an input doesn't exist or holds nothing to read.
    """
    from kgbuild.readers.sources import input_files

    return sum(Path(n).stat().st_size for n in input_files(inputs) if n != "-") if inputs else 0


def from_documents(documents: Iterable[Document | AnnotatedDocument | str]) -> Iterator[Source]:
    """Yield one source of texts and documents that are in memory."""
    items = (
        item
        if isinstance(item, AnnotatedDocument)
        else AnnotatedDocument(_document(item) if isinstance(item, str) else item)
        for item in documents
    )
    yield Source(MEMORY, "", items)


def _document(text: str) -> Document:
    from kgbuild.readers.building import clean

    cleaned = clean(text)
    return Document(document_hash(cleaned), cleaned, source=MEMORY)


class Intake:
    """Cuts sources into shards of a workspace and commits each in the ledger."""

    def __init__(self, workspace: Workspace, run: RunConfig) -> None:
        self._workspace = workspace
        self._ledger = workspace.ledger
        self._run = run
        self._pending = _Pending()
        self._started = time.perf_counter()
        self.counts = IntakeCounts()
        self._bytes_before = 0
        self._bytes_unchanged = 0
        self._position: Callable[[], int] = int

    def expected(self, documents: int, input_bytes: int) -> int | None:
        """Return how many documents there will be, if the rest is like what has been read.

        Args:
            documents: found so far.
            input_bytes: size of all inputs, unchanged ones included.
        """
        done = self._bytes_before + self._position()
        to_read = input_bytes - self._bytes_unchanged
        return max(documents, round(documents * to_read / done)) if done and to_read else None

    def read(self, sources: Iterable[Source]) -> Iterator[int]:
        """Read what is new and yield the number of each shard once it is committed."""
        for source in sources:
            known = self._ledger.input_stamp(source.name)
            if source.stamp and known == source.stamp:
                self.counts.inputs_unchanged += 1
                self._bytes_unchanged += source.size
                continue
            self._position = source.position
            yield from self._read_source(source, is_reread=known is not None)
            self._bytes_before += source.position()
            self._position = int
        if self._pending:
            yield self._commit()

    def _read_source(self, source: Source, *, is_reread: bool) -> Iterator[int]:
        self.counts.inputs_read += 1
        self._pending.begun.append(source.name)
        self._ledger.begin_seeing()
        for item in source.items:
            self._take(item, source.name)
            full = len(self._pending.items) >= self._run.shard_documents
            if full or self._pending.characters >= self._run.shard_characters:
                yield self._commit()
                self._started = time.perf_counter()  # what was done meanwhile is not reading
        if is_reread and source.stamp:
            for entry in self._ledger.unseen(source.name):
                self._pending.retired.append((entry, f"no longer in {source.name}"))
                self.counts.withdrawn += 1
        if source.stamp:
            self._pending.finished.append((source.name, source.stamp))

    def _take(self, item: ReadItem, source: str) -> None:
        if isinstance(item, Failure):
            self._fail(item, source)
        elif isinstance(item, Withdrawal):
            self._withdraw(item)
        elif problem := _problem(item.document):
            self._fail(problem, source)
        else:
            self._add(item, source)

    def _fail(self, failure: Failure, source: str) -> None:
        self.counts.failures += 1
        self._pending.failures.append((failure, source))

    def _withdraw(self, withdrawal: Withdrawal) -> None:
        if self._forget(withdrawal.document, f"withdrawn by {withdrawal.source}"):
            self.counts.withdrawn += 1

    def _forget(self, id: str, reason: str) -> bool:
        if id in self._pending.items:
            item = self._pending.items.pop(id)
            del self._pending.entries[id]
            self._pending.characters -= len(item.document.text)
        elif (entry := self._ledger.document(id)) is not None:
            self._pending.retired.append((entry, reason))
        else:
            return False
        return True

    def _add(self, item: AnnotatedDocument, source: str) -> None:
        document = item.document
        entry = DocumentEntry(
            document.id,
            _content(item),
            _version(document),
            source,
            -1,
        )
        known = self._pending.entries.get(document.id) or self._ledger.document(document.id)
        is_repeat = self._ledger.see(document.id)
        if known is not None:
            if known.text_hash == entry.text_hash:
                self.counts.known += 1
                return
            is_update = known.input == source and not is_repeat
            if not is_update and entry.version <= known.version:
                self._fail(_clash(item, known), source)
                return
            self._forget(document.id, f"replaced by what {source} says")
            self.counts.replaced += 1
        else:
            self.counts.new += 1
        self._pending.items[document.id] = item
        self._pending.entries[document.id] = entry
        self._pending.characters += len(document.text)

    def _commit(self) -> int:
        pending, self._pending = self._pending, _Pending()
        shard = self._ledger.next_shard()
        tables = to_tables(list(pending.items.values()), STAGE_TABLES[READ])
        write_shard(self._workspace.folder, shard, tables)
        seconds, self._started = time.perf_counter() - self._started, time.perf_counter()
        ledger = self._ledger
        with ledger.transaction():
            for name in pending.begun:
                ledger.forget_failures(name)
            for entry, reason in pending.retired:
                ledger.retire(entry, reason)
            entries = [
                DocumentEntry(e.id, e.text_hash, e.version, e.input, shard)
                for e in pending.entries.values()
            ]
            ledger.add_shard(shard, entries, pending.characters)
            for failure, name in pending.failures:
                ledger.add_failure(shard, failure, input=name)
            ledger.finish_stage(shard, StageDone(READ, content_hash(READ), len(entries), seconds))
            for name, stamp in pending.finished:
                ledger.finish_input(name, stamp)
        return shard


def _version(document: Document) -> str:
    """Return a text that sorts revisions of one document: version number, then revision date."""
    number = document.metadata.get("version", "")
    return f"{number:0>9}|{document.metadata.get('revised', '')}"


def _content(item: AnnotatedDocument) -> str:
    """Return a hash of what a document says: text, date, passages and given annotations."""
    document = item.document
    return content_hash(
        document.text,
        document.date,
        document.passages,
        [mention.id for mention in item.mentions],
        [(g.mention, g.curie) for g in item.groundings],
        [relation.id for relation in item.relations],
    )


def _problem(document: Document) -> Failure | None:
    """Return why a document can't be kept, if it can't."""
    fields = {"id": document.id, "text": document.text, "date": document.date}
    for name, value in [*fields.items(), *document.metadata.items()]:
        try:
            f"{name}{value}".encode()
        except UnicodeEncodeError:
            return Failure(
                source=document.source,
                stage=READ,
                document=document.id.encode("utf-8", "replace").decode(),
                reason=(
                    f"its {name} holds a lone surrogate, half of a character: read the source "
                    "with its right encoding, or with errors='replace'"
                )
                .encode("utf-8", "replace")
                .decode(),
            )
    return None


def _clash(item: AnnotatedDocument, known: DocumentEntry) -> Failure:
    return Failure(
        source=item.document.source,
        stage=READ,
        document=item.document.id,
        reason=(
            f"{item.document.id} was read before from {known.input} with another text or other "
            "annotations, and neither says that it is newer; the first is kept: give one of "
            "them another id, or remove it"
        ),
    )
