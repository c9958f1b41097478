"""Out-of-core SQL over the graph tables, and partitions of them for bulk loaders."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.loaders.report import remove, unwritable
from kgbuild.tables import GRAPH_TABLES

if TYPE_CHECKING:
    import duckdb

    from kgbuild.tables import GraphTables

__all__ = ["connect", "partition", "spill_folder", "staging_folder"]

_GLOB = frozenset("*?[]{}")
_ROW_GROUP = 8192  # rows; a bulk loader reads as many groups at once as it has threads


def quoted(text: str) -> str:
    """Return ``text`` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def staging_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside ``target`` (same disk), removed at the end.

    What a killed run left there is removed first. Bulk loaders expand wildcards in file names, so
    a target whose path holds any gets its staging in the system's temporary folder.

    Raises:
        StoreError: nothing can be written there.
    """
    parent = target.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        if _GLOB & set(str(parent / target.name)):
            folder = Path(tempfile.mkdtemp(prefix="kgbuild-"))
        else:
            folder = parent / f".{target.name}.staging"
            remove(folder)
            folder.mkdir()
    except OSError as error:
        raise unwritable(target, error) from error
    try:
        yield folder
    finally:
        remove(folder)


@contextmanager
def spill_folder() -> Iterator[Path]:
    """Yield a temporary folder for what does not fit into memory, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="kgbuild-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def connect(
    tables: GraphTables,
    *,
    memory: int = 1 << 30,
    spill: Path | None = None,
    threads: int | None = None,
) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection in which each graph table is a view over its Parquet file.

    The view ``novelty`` says of each statement whether any evidence calls it new; null where none
    judges.

    Args:
        tables: the graph.
        memory: bytes that DuckDB may use before it spills.
        spill: the folder for what does not fit; without it DuckDB chooses.
        threads: for a query; all cores by default. One is enough, and holds less, where the rows
            are for a store that is slower.
    """
    import duckdb

    connection = duckdb.connect(config={"memory_limit": f"{memory // 1_000_000}MB"})
    connection.execute("SET preserve_insertion_order = false")
    if threads is not None:
        connection.execute(f"SET threads = {threads}")
    if spill is not None:
        connection.execute(f"SET temp_directory = {quoted(str(spill / 'duckdb'))}")
    for name in GRAPH_TABLES:
        source = connection.read_parquet([str(tables.path(name))], hive_partitioning=False)
        source.create_view(name)
    connection.execute(
        "CREATE VIEW novelty AS"
        " SELECT statement, bool_or(novel) AS novel FROM evidence GROUP BY statement"
    )
    return connection


def partition(
    connection: duckdb.DuckDBPyConnection, query: str, *, by: list[str], folder: Path
) -> dict[tuple[str, ...], list[Path]]:
    """Write the rows of ``query`` as Parquet files, apart for each combination of ``by``.

    One pass, out of core. The columns of ``by`` are not in the files; their values must be
    identifiers.

    Returns:
        The files of each combination, in order.

    Raises:
        StoreError: the rows can't be read or written.
    """
    import duckdb

    folder.mkdir()
    try:
        connection.execute(
            f"COPY ({query}) TO {quoted(str(folder))}"
            f" (FORMAT parquet, ROW_GROUP_SIZE {_ROW_GROUP},"
            f" PARTITION_BY ({', '.join(by)}), WRITE_PARTITION_COLUMNS false)"
        )
    except duckdb.Error as error:
        raise unwritable(folder, error) from error
    found: dict[tuple[str, ...], list[Path]] = {}
    for path in sorted(folder.glob("/".join(["*"] * len(by)) + "/*.parquet")):
        parts = path.relative_to(folder).parts[:-1]
        key = tuple(part.split("=", 1)[1] for part in parts)
        found.setdefault(key, []).append(path)
    return found
