"""Out-of-core SQL over the graph tables, and partitions of them for bulk loaders."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import StoreError
from kgbuild.tables import GRAPH_TABLES

if TYPE_CHECKING:
    import duckdb

    from kgbuild.tables import GraphTables

__all__ = ["connect", "partition", "staging_folder"]

_GLOB = frozenset("*?[]{}")


def quoted(text: str) -> str:
    """Return ``text`` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def staging_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder beside ``target`` (same disk), removed at the end.

    Bulk loaders expand wildcards in file names, so a target whose path holds any gets its
    staging in the system's temporary folder.

    Raises:
        StoreError: nothing can be written there.
    """
    parent = target.absolute().parent
    where = None if _GLOB & set(str(parent)) else parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".kgbuild-", dir=where))
    except OSError as error:
        raise StoreError(
            f"{target} can't be written: {error.strerror or error}; "
            "give a path on a disk with room that you may write to"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def connect(
    tables: GraphTables, *, memory: int = 1 << 30, spill: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection in which each graph table is a view over its Parquet file.

    Args:
        tables: the graph.
        memory: bytes that DuckDB may use before it spills.
        spill: the folder for what does not fit; without it DuckDB chooses.
    """
    import duckdb

    connection = duckdb.connect(config={"memory_limit": f"{memory // 1_000_000}MB"})
    connection.execute("SET preserve_insertion_order = false")
    if spill is not None:
        connection.execute(f"SET temp_directory = {quoted(str(spill / 'duckdb'))}")
    for name in GRAPH_TABLES:
        source = connection.read_parquet([str(tables.path(name))], hive_partitioning=False)
        source.create_view(name)
    return connection


def partition(
    connection: duckdb.DuckDBPyConnection, query: str, *, by: list[str], folder: Path
) -> dict[tuple[str, ...], list[Path]]:
    """Write the rows of ``query`` as Parquet files, apart for each combination of ``by``.

    One pass, out of core. The columns of ``by`` are not in the files; their values must be
    identifiers.

    Returns:
        The files of each combination, in order.
    """
    folder.mkdir()
    connection.execute(
        f"COPY ({query}) TO {quoted(str(folder))}"
        f" (FORMAT parquet, PARTITION_BY ({', '.join(by)}), WRITE_PARTITION_COLUMNS false)"
    )
    found: dict[tuple[str, ...], list[Path]] = {}
    for path in sorted(folder.glob("/".join(["*"] * len(by)) + "/*.parquet")):
        parts = path.relative_to(folder).parts[:-1]
        key = tuple(part.split("=", 1)[1] for part in parts)
        found.setdefault(key, []).append(path)
    return found
