"""Writing what ``neo4j-admin database import`` reads: CSV with headers, or Parquet.

Each writes one kind of node or relationship at a time, from a view in DuckDB, in constant memory.
Columns are named as the tool wants them: ``name``, ``name:ID(group)``, ``:LABEL``, ``:TYPE``,
``:START_ID(group)``, ``:END_ID(group)``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kgbuild.errors import StoreError
from kgbuild.loaders.neo4j_shape import HASH
from kgbuild.loaders.report import replacing
from kgbuild.loaders.staging import quoted

if TYPE_CHECKING:
    import duckdb

__all__ = ["AdminFiles", "CsvFiles", "ParquetFiles"]

_ROWS = 50_000  # of a row group, each of which the tool reads as a whole
_SEPARATORS = ("\x1f", "\x1e", "\x1d", "\x1c", "|", "\t", "\ue000", "\ue001")
_TYPES = {
    "VARCHAR": "", "VARCHAR[]": "string[]", "BIGINT": "long", "INTEGER": "int",
    "DOUBLE": "double", "BOOLEAN": "boolean",
}  # fmt: skip


class AdminFiles(Protocol):
    """Writes files of one form.

    Attributes:
        options: what the import command says of the form.
        needs: the server that takes it.
    """

    options: list[str]
    needs: str

    def write(self, path: Path, view: str, columns: dict[str, str]) -> tuple[list[str], int]:
        """Write a view; return the files' names, in the command's order, and how many rows.

        Args:
            path: of the files, without an ending.
            view: in DuckDB.
            columns: what the tool calls a column, and what the view does.
        """
        ...


class CsvFiles:
    """A file of rows, and one that holds their header.

    UTF-8; every text is quoted, so that an empty one is told from none, and line ends, quotes and
    delimiters within are safe; items of a list are joined by a character that none of them holds.
    What holds a list of one empty text, which looks like none, gets another hash, so that the next
    load finds it changed, and mends it.

    Raises:
        StoreError: each character that could join them is in some item.
    """

    def __init__(self, source: duckdb.DuckDBPyConnection) -> None:
        self._source = source
        self.needs = "the server stopped"
        self._separator = _separator(source)
        self.options = [
            "--multiline-fields=true",
            f"--array-delimiter=U+{ord(self._separator):04X}",
        ]

    def write(self, path: Path, view: str, columns: dict[str, str]) -> tuple[list[str], int]:
        """Write ``PATH_header.csv`` and ``PATH.csv``."""
        types = _types(self._source, view)
        header, chosen, texts = [], [], []
        for place, (title, column) in enumerate(columns.items()):
            kind = types[column]
            suffix = _TYPES[kind] if ":" not in title else ""
            header.append(f"{title}:{suffix}" if suffix else title)
            value = f'"{column}"'
            if title == HASH:
                lists = [c for c in columns.values() if types[c] == "VARCHAR[]"]
                value += _lost([f"array_to_string(\"{c}\", '')" for c in lists])
            if kind.endswith("[]"):
                value = f"array_to_string({value}, {quoted(self._separator)})"
            chosen.append(f"{value} AS c{place}")
            if kind.startswith("VARCHAR"):
                texts.append(f"c{place}")
        names = [f"{path.name}_header.csv", f"{path.name}.csv"]
        with replacing(path.with_name(names[0])) as beside:
            beside.write_text(",".join(header) + "\n", "utf-8")
        force = f", FORCE_QUOTE ({', '.join(texts)})" if texts else ""
        with replacing(path.with_name(names[1])) as beside:
            done = self._source.execute(
                f"COPY (SELECT {', '.join(chosen)} FROM {view}) TO {quoted(str(beside))}"
                f" (FORMAT csv, HEADER false{force})"
            ).fetchone()
        return names, int(done[0]) if done else 0


class ParquetFiles:
    """One file, whose columns have the names and types that a header would give.

    The tool takes an empty text for none. What holds one gets another hash, so that the next load
    finds it changed, and mends it.
    """

    def __init__(self, source: duckdb.DuckDBPyConnection) -> None:
        self._source = source
        # older ones end with "Unexpected repetition" at lists
        self.needs = "the server stopped, Neo4j 5.26.26 or newer"
        self.options = ["--input-type=parquet"]

    def write(self, path: Path, view: str, columns: dict[str, str]) -> tuple[list[str], int]:
        """Write ``PATH.parquet``."""
        import pyarrow.parquet as pq

        types = _types(self._source, view)
        values = {title: f'"{column}"' for title, column in columns.items()}
        if ":LABEL" in values:  # of these alone the tool takes no list
            values[":LABEL"] = f"array_to_string({values[':LABEL']}, ';')"
        texts = [values[name] for name in columns if types[columns[name]] == "VARCHAR"]
        if HASH in values:
            values[HASH] += _lost(texts)
        chosen = ", ".join(f'{value} AS "{title}"' for title, value in values.items())
        reader = self._source.sql(f"SELECT {chosen} FROM {view}").to_arrow_reader(_ROWS)
        name = f"{path.name}.parquet"
        count = 0
        with (
            replacing(path.with_name(name)) as beside,
            pq.ParquetWriter(beside, reader.schema) as writer,
        ):
            for batch in reader:
                writer.write_batch(batch)
                count += batch.num_rows
        return [name], count


def _types(source: duckdb.DuckDBPyConnection, view: str) -> dict[str, str]:
    return {row[0]: str(row[1]) for row in source.execute(f"DESCRIBE {view}").fetchall()}


def _lost(columns: list[str]) -> str:
    """Return the SQL that adds to a hash where one of ``columns`` is empty, but not NULL."""
    empty = " OR ".join(f"coalesce({column} = '', false)" for column in columns)
    return f" + ({empty})::BIGINT" if columns else ""


def _separator(source: duckdb.DuckDBPyConnection) -> str:
    lists = [
        "SELECT unnest(synonyms) AS item FROM entities",
        "SELECT unnest(xrefs) FROM entities",
        "SELECT unnest(parents) FROM entities",
        "SELECT unnest(extractors) FROM statements",
        "SELECT unnest(qualifiers) FROM neo4j_statements",
    ]
    every = " UNION ALL ".join(lists)
    for candidate in _SEPARATORS:
        query = f"SELECT count(*) FROM ({every}) WHERE contains(item, {quoted(candidate)})"
        found = source.execute(query).fetchone()
        if found and found[0] == 0:
            return candidate
    raise StoreError(
        "the graph's synonyms hold every character that could separate them in CSV: export it as "
        "neo4j-admin-parquet, or use `kgbuild load`"
    )
