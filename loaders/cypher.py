"""Reading a Ladybug database: openCypher queries in, Arrow tables out, nothing written."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from kgbuild.errors import StoreError

__all__ = ["CypherStore"]

_EXPECTED = re.compile(r" expecting \{.*\}(?= \(line)")
# what is quoted, commented, a property, a label or a parameter is not a clause
_NOT_CLAUSES = re.compile(
    r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`|//[^\n]*|/\*.*?\*/|[.:$]\s*\w+""", re.DOTALL
)
# a database opened read-only refuses writes by itself, but not what reads or writes other files
_FILES = re.compile(
    r"(?<!\bAS )\b(COPY|LOAD|INSTALL|UNINSTALL|ATTACH|EXPORT|IMPORT)\b(?!\s*[:=),\]|])",
    re.IGNORECASE,
)
_READ_ONLY = "read-only database"
_NO_TABLE = re.compile(r"Table (\S+) does not exist")
_NO_PROPERTY = re.compile(r"Cannot find property (\S+) for")
_TYPE = re.compile(r"LABEL\((\w+)\._ID,\[[^\]]*\]\)")
_LABEL_TEST = re.compile(r"WHERE[^'\"]*\(?\b\w+:\w+", re.IGNORECASE)


class CypherStore:
    """A Ladybug database opened for reading; several processes may read one at a time.

    Queries are openCypher. They can neither change the graph nor touch files: writing clauses,
    ``COPY``, ``LOAD`` and extensions are refused.
    """

    def __init__(self, path: Path, *, memory: int = 1 << 30) -> None:
        """Open ``path``.

        Args:
            path: the database, a single file.
            memory: bytes for its buffers.

        Raises:
            StoreError: the file is absent or no Ladybug database of this version.
        """
        import ladybug

        self.path = path
        if not path.is_file():
            raise StoreError(
                f"there is no Cypher store at {path}: load the graph into it with `kgbuild build`"
            )
        try:
            self._database = ladybug.Database(str(path), buffer_pool_size=memory, read_only=True)
            self._connection = ladybug.Connection(self._database)
        except RuntimeError as error:
            raise StoreError(
                f"{path} can't be opened ({error}): delete it and run `kgbuild build` again"
            ) from error

    def query(self, query: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the rows of ``query`` as an Arrow table.

        Raises:
            StoreError: the query is wrong or would write; the message is the store's, with a hint.
        """
        refuse_files(query)
        try:
            result = self._connection.execute(query, dict(params or {}))
            if isinstance(result, list):
                raise StoreError("these are several queries: send one at a time")
            with result:
                table = result.get_as_arrow(10_000)
                return table.rename_columns([_heading(name) for name in table.column_names])
        except RuntimeError as error:
            message = str(error).rstrip(".")
            if _READ_ONLY in message:
                raise _refused("A query that writes") from error
            raise StoreError(f"{_readable(message)}{self._hint(message, query)}") from error

    def names(self, kind: str) -> list[str]:
        """Return the labels (``kind`` "NODE") or relationship types ("REL"), sorted."""
        rows = self._rows("CALL show_tables() RETURN type, name")
        return sorted(name for type_, name in rows if type_ == kind)

    def _rows(self, query: str) -> list[list[Any]]:
        result: Any = self._connection.execute(query)
        with result:
            rows: list[list[Any]] = result.get_all()
        return rows

    def close(self) -> None:
        """Close the database; twice is fine."""
        self._connection.close()
        self._database.close()

    def __enter__(self) -> CypherStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _hint(self, message: str, query: str) -> str:
        """Return what to try instead, as the end of a sentence, or nothing."""
        if found := _NO_TABLE.search(message):
            wanted = found.group(1).strip("`'")
            return _nearest(wanted, self.names("NODE") + self.names("REL"))
        if found := _NO_PROPERTY.search(message):
            return _nearest(found.group(1), self._properties())
        if _LABEL_TEST.search(query) and "Parser exception" in message:
            return ". Write labels in the pattern, as in MATCH (n:Gene)"
        if "Parser exception" in message and re.search(r"\.\s*end\b", query):
            return ". `end` is a word of the language: write e.`end`"
        if "shortestPath" in query:
            return ". Write MATCH p = (a)-[* SHORTEST 1..4]-(b), which this store understands"
        return ""

    def _properties(self) -> list[str]:
        found: set[str] = set()
        for table in self.names("NODE") + self.names("REL"):
            rows = self._rows(f"CALL table_info('{table}') RETURN name")
            found.update(name for (name,) in rows)
        return sorted(found)


def _readable(message: str) -> str:
    """Return a message without the query under it and the list of all words of the language."""
    return _EXPECTED.sub("", message.split("\n", 1)[0])


def _heading(name: str) -> str:
    """Return a column's name with the expansion of the macro ``type`` taken back."""
    return _TYPE.sub(r"type(\1)", name)


def refuse_files(query: str) -> None:
    """Raise ``StoreError`` where ``query`` has a clause that reads or writes files."""
    clauses = _NOT_CLAUSES.sub(" _ ", query)
    if found := _FILES.search(clauses):
        raise _refused(found.group(1).upper())


def _refused(what: str) -> StoreError:
    return StoreError(
        f"{what} is refused: the graph is read-only here. Change its inputs and run `kgbuild build`"
    )


def _nearest(wanted: str, names: list[str]) -> str:
    lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(wanted.lower(), lower, n=3, cutoff=0.5)
    if close:
        return f". Did you mean {' or '.join(lower[name] for name in close)}?"
    return f". There are {', '.join(names)}"
