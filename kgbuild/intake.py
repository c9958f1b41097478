"""Reading into shards: what is new is kept, what is known is skipped, what clashes is listed."""

from __future__ import annotations

import os
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

__all__ = ["Input", "Intake", "IntakeCounts", "from_documents", "from_inputs", "size_of"]

MEMORY = "<memory>"
READ = "read"


@dataclass(frozen=True, slots=True)
class Input:
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
    """What the next shard's transaction will write."""

    items: dict[str, AnnotatedDocument] = field(default_factory=dict)
    entries: dict[str, DocumentEntry] = field(default_factory=dict)
    failures: list[tuple[Failure, str]] = field(default_factory=list)
    retired: dict[str, tuple[DocumentEntry, str]] = field(default_factory=dict)
    withdrawn: dict[str, str] = field(default_factory=dict)
    held: set[tuple[str, str]] = field(default_factory=set)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    finished: list[tuple[str, str]] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    characters: int = 0

    def __bool__(self) -> bool:
        return any((self.items, self.failures, self.retired, self.withdrawn, self.held,
                    self.dropped, self.finished))  # fmt: skip


def from_inputs(inputs: Iterable[str], reading: ReadingConfig) -> Iterator[Input]:
    """Yield an input for each file that ``inputs`` (files, folders, globs, ``-``) name.

    Raises:
        InputError: an input doesn't exist or holds nothing to read.
    """
    from kgbuild.readers.sources import input_files, printable, stamp_of

    options = content_hash(reading.model_dump_json())
    for name in input_files(inputs):
        stamp, size = "", 0
        if name != "-":
            stamp, size = stamp_of(name)
            stamp += f":{options}"
        file = _File(name, reading)
        identity = name if name == "-" else printable(os.path.abspath(name))  # noqa: PTH100
        yield Input(identity, stamp, file.items(), file.position, size)


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


def from_documents(documents: Iterable[Document | AnnotatedDocument | str]) -> Iterator[Input]:
    """Yield one input of texts and documents that are in memory."""
    items = (
        item
        if isinstance(item, AnnotatedDocument)
        else AnnotatedDocument(_document(item) if isinstance(item, str) else item)
        for item in documents
    )
    yield Input(MEMORY, "", items)


def _document(text: str) -> Document:
    from kgbuild.readers.building import clean

    cleaned = clean(text)
    return Document(document_hash(cleaned), cleaned, source=MEMORY)


class Intake:
    """Cuts inputs into shards of a workspace and commits each in the ledger."""

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

    def read(self, sources: Iterable[Input]) -> Iterator[int]:
        """Read what is new and yield the number of each shard once it is committed."""
        for source in sources:
            known = self._ledger.input_stamp(source.name)
            if source.stamp and known == source.stamp:
                self.counts.inputs_unchanged += 1
                self._bytes_unchanged += source.size
                continue
            self._position = source.position
            yield from self._read_source(source)
            self._bytes_before += source.position()
            self._position = int
        if self._pending:
            yield self._commit()

    def _read_source(self, source: Input) -> Iterator[int]:
        self.counts.inputs_read += 1
        self._pending.begun.append(source.name)
        self._ledger.begin_seeing()
        failures = self.counts.failures
        for item in source.items:
            self._take(item, source)
            full = len(self._pending.items) >= self._run.shard_documents
            if full or self._pending.characters >= self._run.shard_characters:
                yield self._commit()
                self._started = time.perf_counter()  # what was done meanwhile is not reading
        if source.stamp:
            if failures == self.counts.failures:  # else what was not seen may be behind a break
                unseen = self._ledger.unseen(source.name)
                self._pending.dropped += [(source.name, id) for id in unseen]
            self._pending.finished.append((source.name, source.stamp))

    def _take(self, item: ReadItem, source: Input) -> None:
        if isinstance(item, Failure):
            self._fail(item, source)
        elif isinstance(item, Withdrawal):
            self._withdraw(item, source)
        elif problem := _problem(item):
            self._fail(problem, source)
        elif not self._is_withdrawn(item.document.id, source):
            self._add(item, source)

    def _fail(self, failure: Failure, source: Input) -> None:
        self.counts.failures += 1
        self._pending.failures.append((failure, source.name))

    def _withdraw(self, withdrawal: Withdrawal, source: Input) -> None:
        if self._forget(withdrawal.document, f"withdrawn by {withdrawal.source}"):
            self.counts.withdrawn += 1
        self._pending.withdrawn[withdrawal.document] = source.name

    def _is_withdrawn(self, id: str, source: Input) -> bool:
        """Say whether an input that comes after ``source`` in order of name withdraws a document.

        PubMed numbers its files: what a later one deletes stays deleted when an earlier one is
        read again, and what a still later one brings back is back.
        """
        by = self._pending.withdrawn.get(id) or self._ledger.withdrawn_by(id)
        return by is not None and bool(source.stamp) and source.name < by

    def _live(self, id: str) -> DocumentEntry | None:
        if id in self._pending.entries:
            return self._pending.entries[id]
        return None if id in self._pending.retired else self._ledger.document(id)

    def _forget(self, id: str, reason: str) -> bool:
        """Take a document out of what is pending or, at the commit, out of the ledger."""
        if id in self._pending.items:
            item = self._pending.items.pop(id)
            del self._pending.entries[id]
            self._pending.characters -= len(item.document.text)
        elif (entry := self._live(id)) is not None:
            self._pending.retired[id] = (entry, reason)
        else:
            return False
        return True

    def _add(self, item: AnnotatedDocument, source: Input) -> None:
        id = item.document.id
        entry = _entry(item, source.name)
        live = self._live(id)
        is_repeat = self._ledger.see(id)
        if live is None:
            self.counts.new += 1
        elif live.content_hash == entry.content_hash:
            self._know(id, source)
            return
        elif (live.input == source.name and not is_repeat) or entry.version > live.version:
            self._forget(id, f"replaced by what {source.name} says")
            self.counts.replaced += 1
        elif entry.version < live.version or entry.text_hash == live.text_hash:
            self._know(id, source)
            return
        else:
            self._fail(_clash(item, live), source)
            return
        self._pending.items[id] = item
        self._pending.entries[id] = entry
        self._pending.held.add((source.name, id))
        self._pending.characters += len(item.document.text)

    def _know(self, id: str, source: Input) -> None:
        self.counts.known += 1
        self._pending.held.add((source.name, id))

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
                ledger.forget_withdrawals(name)
            for entry, reason in pending.retired.values():
                ledger.retire(entry, reason)
            for id, name in pending.withdrawn.items():
                ledger.withdraw(id, name)
            ledger.add_shard(shard, pending.entries.values(), pending.characters)
            ledger.hold(pending.held)
            self.counts.withdrawn += sum(ledger.drop(*pair) for pair in pending.dropped)
            for failure, name in pending.failures:
                ledger.add_failure(shard, failure, input=name)
            done = StageDone(READ, content_hash(READ), len(pending.entries), seconds)
            ledger.finish_stage(shard, done)
            for name, stamp in pending.finished:
                ledger.finish_input(name, stamp)
        return shard


def _entry(item: AnnotatedDocument, source: str) -> DocumentEntry:
    document = item.document
    metadata = document.metadata
    text = content_hash(document.text, item.mentions, item.groundings, item.relations)
    return DocumentEntry(
        id=document.id,
        text_hash=text,
        content_hash=content_hash(text, document.date, document.passages, sorted(metadata.items())),
        # sorts revisions of one document: version number, then revision date
        version=f"{metadata.get('version', ''):0>9}|{metadata.get('revised', '')}",
        input=source,
        shard=-1,
    )


def _problem(item: AnnotatedDocument) -> Failure | None:
    """Return why a document can't be kept, if it can't."""
    document = item.document
    for what, value in _texts(item):
        try:
            value.encode()
        except UnicodeEncodeError:
            reason = (
                f"its {what} holds a lone surrogate, half of a character: read the source with "
                "its right encoding, or with errors='replace'"
            )
            return _refused(document, reason)
    owners = {m.document for m in item.mentions} | {r.document for r in item.relations}
    strangers = owners - {document.id}
    if strangers:
        return _refused(document, f"it carries annotations of another document, {strangers.pop()}")
    return None


def _texts(item: AnnotatedDocument) -> Iterator[tuple[str, str]]:
    document = item.document
    yield from (("id", document.id), ("text", document.text), ("date", document.date))
    for name, value in document.metadata.items():
        yield "metadata", f"{name}{value}"
    for passage in document.passages:
        yield "passages", passage.kind + passage.label
    for mention in item.mentions:
        yield "mentions", mention.text + mention.category + mention.extractor
    for grounding in item.groundings:
        yield "groundings", grounding.curie + grounding.name + grounding.reason
    for relation in item.relations:
        yield "relations", relation.predicate + relation.trigger + relation.extractor


def _refused(document: Document, reason: str) -> Failure:
    return Failure(
        source=document.source,
        stage=READ,
        document=document.id.encode("utf-8", "replace").decode(),
        reason=reason,
    )


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
