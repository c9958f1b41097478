"""The workspace folder: the Parquet tables of every stage, shard by shard, and their ledger."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from kgbuild.durable import sync
from kgbuild.errors import WorkspaceError
from kgbuild.layout import failures_file, manifest_file
from kgbuild.ledger import Ledger
from kgbuild.records import AnnotatedDocument, Failure
from kgbuild.tables import SCHEMAS
from kgbuild.tabular import from_tables, to_failures

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Workspace", "read_shard", "shard_path", "write_shard"]

LEDGER = "ledger.sqlite"


@contextmanager
def _written_whole(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that takes the place of ``path`` once it is written and on the disk."""
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync(path.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise WorkspaceError(
            f"{path} can't be written ({error.strerror or error}): "
            "free some space and run the same command again; it goes on where it stopped"
        ) from error


class Workspace:
    """A folder that holds ``tables/TABLE/SHARD.parquet``, the ledger and the manifest.

    Used as a context manager it holds a lock, so that two builds never write one folder.

    Raises:
        WorkspaceError: the folder can't be made or written, another build holds it, it is not a
            workspace, or another version made it.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder = folder
        if create:
            self._create()
        elif not (folder / LEDGER).is_file():
            raise WorkspaceError(
                f"{folder} is no kgbuild output (it has no {LEDGER}): "
                "make one with `kgbuild build INPUT --out DIR`"
            )
        self.ledger = Ledger(folder / LEDGER)
        self._lock: int | None = None

    def _create(self) -> None:
        if self.folder.is_dir() and not (self.folder / LEDGER).exists():
            others = sorted(p.name for p in self.folder.iterdir() if not p.name.startswith("."))
            if others:
                raise WorkspaceError(
                    f"{self.folder} holds other files ({', '.join(others[:3])}, ...) and no "
                    "kgbuild output: choose a new or empty folder as --out"
                )
        try:
            (self.folder / "tables").mkdir(parents=True, exist_ok=True)
            probe = self.folder / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise WorkspaceError(
                f"{self.folder} can't be written ({error.strerror}): choose another --out"
            ) from error

    def __enter__(self) -> Workspace:
        self._lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise WorkspaceError(
                f"another kgbuild is writing {self.folder}: wait for it, or choose another --out"
            ) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ledger.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def path(self, table: str, shard: int) -> Path:
        """Return where a shard's table lies."""
        return shard_path(self.folder, table, shard)

    def documents(self) -> Iterator[AnnotatedDocument]:
        """Yield the live documents with their sentences, mentions, groundings and relations."""
        retired = {(id, shard) for id, shard, _ in self.ledger.retired()}
        names = [name for name in SCHEMAS if name != "failures"]
        for shard in self.ledger.shards():
            for item in read_shard(self.folder, shard, names):
                if (item.document.id, shard) not in retired:
                    yield item

    def failures(self) -> list[Failure]:
        """Return all failures, in order of shard."""
        return self.ledger.failures()

    def export_failures(self) -> None:
        """Write the failures as a table, ``tables/failures.parquet``."""
        _write_parquet(failures_file(self.folder), to_failures(self.failures()))

    def manifest(self) -> dict[str, Any]:
        """Return what the last run wrote of itself; empty before the first."""
        path = manifest_file(self.folder)
        loaded: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return loaded

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Replace the manifest."""
        text = json.dumps(manifest, indent=2, ensure_ascii=False, default=str)
        with _written_whole(manifest_file(self.folder)) as file:
            file.write(text.encode("utf-8", "replace"))


def shard_path(folder: Path, table: str, shard: int) -> Path:
    """Return where a shard's table lies in a workspace folder."""
    return folder / "tables" / table / f"{shard:06d}.parquet"


def write_shard(folder: Path, shard: int, tables: Mapping[str, pa.Table]) -> None:
    """Write tables of a shard, each whole or not at all."""
    for name, table in tables.items():
        _write_parquet(shard_path(folder, name, shard), table)


def read_shard(folder: Path, shard: int, names: Iterable[str]) -> list[AnnotatedDocument]:
    """Return a shard's documents with what the tables ``names`` say of them.

    Raises:
        WorkspaceError: a table is absent or damaged.
    """
    wanted = ("documents", *(name for name in names if name != "documents"))
    return from_tables({name: _read_parquet(shard_path(folder, name, shard)) for name in wanted})


def _read_parquet(path: Path) -> pa.Table:
    # pyarrow.parquet.read_table does more, and imports pandas to do it
    try:
        with pq.ParquetFile(path) as file:
            return file.read()
    except (OSError, pa.ArrowException) as error:
        raise WorkspaceError(
            f"{path} can't be read ({error}): if a build was stopped, run it again; if the file "
            "is lost or damaged, build into a new folder"
        ) from error


def _write_parquet(path: Path, table: pa.Table) -> None:
    with _written_whole(path) as file:
        pq.write_table(table, file, compression="zstd")
