"""A Cypher script that brings a database from an earlier graph to this one, on any edition.

It reads CSV files in the server's import folder by ``LOAD CSV``, and may be run again, whole or
after a part. Depending on its configuration a server takes a backslash in CSV for an escape or for
itself; so there are none in the files: ``%5C`` stands for one, ``%25`` for a percent sign, and a
bar ends each item of a list, ``%7C`` within one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from kgbuild.loaders import neo4j_shape as shape
from kgbuild.loaders.neo4j_difference import FOLD
from kgbuild.loaders.neo4j_indexes import CONSTRAINTS, PATIENCE
from kgbuild.loaders.neo4j_lock import LABEL
from kgbuild.loaders.report import replacing
from kgbuild.loaders.staging import quoted

if TYPE_CHECKING:
    import duckdb

    from kgbuild.ontologies.schema import Schema

__all__ = ["SCRIPT", "write_script"]

SCRIPT = "apply.cypher"
_FOLDER = "apply"
_BATCH = 2_000
_BEGINNING = """\
// Brings a database that holds an earlier graph up to date. Written by kgbuild; run it with
//   cypher-shell --file apply.cypher
// while this folder is in the server's import folder, by its name, and no load is under way.
// At the end it tells whether the database holds the graph.
"""
# Cypher has nothing that ends with a message, but errors that quote a text
_REFUSE = (
    f"MATCH (g:{LABEL} {{id: 'graph'}}) WHERE g.evidence <> 'nodes' RETURN"
    " date('this database was loaded with --evidence ' + g.evidence + ', and the script is for one"
    " with nodes: use `kgbuild load`')"
)
_MERGE = {
    "entities": "MERGE (x:Entity {id: r[0]}) {{labels}}SET x += {{values}}",
    "documents": "MERGE (x:Document {id: r[0]}) SET x += {{values}}",
    "statements": "MATCH (a:Entity {id: r[0]}) MATCH (b:Entity {id: r[1]})"
    " MERGE (a)-[x:`{{part}}` {id: r[2]}]->(b) SET x = {{values}}",
    "evidence": "MATCH (a:Entity {id: r[0]}) MATCH (b:Entity {id: r[1]})"
    " MATCH (d:Document {id: r[2]}) MERGE (x:Evidence {id: r[3]}) SET x += {{values}}"
    " MERGE (x)-[:HAS_SUBJECT]->(a) MERGE (x)-[:HAS_OBJECT]->(b) MERGE (x)-[:IN_DOCUMENT]->(d)",
    "occurrences": "MATCH (a:Document {id: r[0]}) MATCH (b:Entity {id: r[1]})"
    " MERGE (a)-[x:MENTIONS]->(b) SET x = {{values}}",
}
_GONE = {
    "entities": "(x:Entity {id: r[0]})",
    "documents": "(x:Document {id: r[0]})",
    "statements": "(:Entity {id: r[0]})-[x:`{{part}}` {id: r[2]}]->(:Entity {id: r[1]})",
    "evidence": "(x:Evidence {id: r[0]})",
    "occurrences": "(:Document {id: r[0]})-[x:MENTIONS]->(:Entity {id: r[1]})",
}
_FOUND = {
    "entities": "(x:Entity) WHERE",
    "documents": "(x:Document) WHERE",
    "statements": "()-[x]->() WHERE type(x) <> 'MENTIONS' AND",
    "evidence": "(x:Evidence) WHERE",
    "occurrences": "()-[x:MENTIONS]->() WHERE",
}
_ENCODED = r"replace(replace({}, '%', '%25'), '\', '%5C')"
_ITEMS = "array_to_string(list_transform({}, lambda i: replace({}, '|', '%7C') || '|'), '')"
_DECODED = r"replace(replace({}, '%5C', '\\'), '%25', '%')"
_VALUES = {
    "VARCHAR": _DECODED,
    "VARCHAR[]": f"[i IN split({{}}, '|')[..-1] | {_DECODED.format('''replace(i, '%7C', '|')''')}]",
    "BIGINT": "toInteger({})",
    "INTEGER": "toInteger({})",
    "DOUBLE": "toFloat({})",
    "BOOLEAN": "toBoolean({})",
}


def write_script(source: duckdb.DuckDBPyConnection, path: Path, schemas: list[Schema]) -> None:
    """Write ``apply.cypher`` into the folder ``path``, and what it reads below that.

    Args:
        source: holds the tables of ``make_delta``.
        path: the folder.
        schemas: that of the graph, then those whose labels its entities may have had.

    Raises:
        StoreError: nothing can be written there.
    """
    folder = path / _FOLDER
    (path / SCRIPT).unlink(missing_ok=True)  # of files that are about to be replaced
    folder.mkdir(exist_ok=True)
    for stale in folder.glob("*.csv"):
        stale.unlink()
    script = _Script(source, folder, f"file:///{quote(path.resolve().name)}/{_FOLDER}")
    families = shape.families("nodes")
    statements = [
        _REFUSE,
        *CONSTRAINTS,
        f"CALL db.awaitIndexes({PATIENCE})",
        # what the database holds is not known any more; the next load compares
        f"MATCH (g:{LABEL} {{id: 'graph'}}) REMOVE g.fingerprint",
    ]
    joining = [family for family in reversed(families) if family.ends]
    for family in joining:
        statements += script.removals(family)
    for family in families:
        statements += script.merges(family, schemas)
    for family in families:
        if family not in joining:
            statements += script.removals(family)
    statements.append(script.comparison(families))
    with replacing(path / SCRIPT) as beside:
        beside.write_text(_BEGINNING + "".join(f"{text};\n" for text in statements), "utf-8")


class _Script:
    """Writes the files of the script's statements, and returns the statements."""

    def __init__(self, source: duckdb.DuckDBPyConnection, folder: Path, url: str) -> None:
        self._source = source
        self._folder = folder
        self._url = url

    def merges(self, family: shape.Family, schemas: list[Schema]) -> list[str]:
        """Return what writes the new and changed rows of a family."""
        statements = []
        for part, name in self._parts(family, "delta"):
            labels = _labels(schemas, part) if family.name == "entities" else ""
            statements.append(
                self._each(
                    f"delta_{family.name}", part, name, family.columns,
                    _MERGE[family.name].replace("{{part}}", part).replace("{{labels}}", labels)
                    .replace("{{values}}", f"{{{family.values()}}}"),
                )
            )  # fmt: skip
        return statements

    def removals(self, family: shape.Family) -> list[str]:
        """Return what removes the rows of a family that are gone."""
        columns = ("key",) if family.is_node else (*family.ends, "key")
        statements = []
        for part, name in self._parts(family, "gone"):
            doing = (
                f"MATCH {_GONE[family.name].replace('{{part}}', part)}"
                f" WHERE x.{shape.HASH} IS NOT NULL"
                f" {'DETACH DELETE' if family.is_node else 'DELETE'} x"
            )
            statements.append(self._each(f"gone_{family.name}", part, name, columns, doing))
        return statements

    def comparison(self, families: tuple[shape.Family, ...]) -> str:
        """Return what compares the database with the graph, as ``kgbuild load`` does."""
        asked = []
        for family in families:
            query = (
                f"SELECT count(*), coalesce(sum(hash % {FOLD}), 0)::BIGINT FROM neo4j_{family.name}"
            )
            found = self._source.execute(query).fetchone()
            count, total = found or (0, 0)
            asked.append(
                f"MATCH {_FOUND[family.name]} x.{shape.HASH} IS NOT NULL"
                f" WITH count(x) AS found, sum(x.{shape.HASH} % {FOLD}) AS hashes RETURN"
                f" '{family.name}' AS kind, found, {count} AS expected,"
                f" found = {count} AND hashes = {total} AS holds"
            )
        return "\nUNION ALL ".join(asked)

    def _parts(self, family: shape.Family, kind: str) -> list[tuple[str, str]]:
        """Return the parts that have rows, each with the name of its file."""
        query = f"SELECT DISTINCT part FROM {kind}_{family.name} ORDER BY part"
        parts = [str(row[0]) for row in self._source.execute(query).fetchall()]
        beginning = f"{'gone_' if kind == 'gone' else ''}{family.name}"
        if family.name in ("entities", "statements") and not (kind == "gone" and family.is_node):
            return [(part, f"{beginning}_{part}") for part in parts]
        return [("", beginning)] if parts else []

    def _each(self, table: str, part: str, name: str, columns: tuple[str, ...], doing: str) -> str:
        """Write the rows of a table, or of a part, and return what does something with each."""
        described = self._source.execute(f"DESCRIBE {table}").fetchall()
        types = {row[0]: str(row[1]) for row in described}
        chosen, texts, values = [], [], []
        for place, column in enumerate(columns):
            kind = types[column]
            chosen.append(f"{_encoded(column, kind)} AS c{place}")
            values.append(_VALUES[kind].format(f"c[{place}]"))
            if kind.startswith("VARCHAR"):
                texts.append(f"c{place}")
        where = f" WHERE part = {quoted(part)}" if part else ""
        with replacing(self._folder / f"{name}.csv") as beside:
            self._source.execute(
                f"COPY (SELECT {', '.join(chosen)} FROM {table}{where}) TO {quoted(str(beside))}"
                f" (FORMAT csv, HEADER false, FORCE_QUOTE ({', '.join(texts)}))"
            )
        return (
            f"LOAD CSV FROM '{self._url}/{quote(name)}.csv' AS c\n"
            f"CALL {{ WITH c WITH [{', '.join(values)}] AS r\n  {doing}\n"
            f"}} IN TRANSACTIONS OF {_BATCH} ROWS"
        )


def _encoded(column: str, kind: str) -> str:
    """Return the SQL that makes a column's value a text without backslashes, or leaves a number."""
    value = f'"{column}"'
    if kind == "VARCHAR":
        return _ENCODED.format(value)
    if kind == "VARCHAR[]":
        return _ITEMS.format(value, _ENCODED.format("i"))
    return value


def _labels(schemas: list[Schema], category: str) -> str:
    """Return the Cypher that gives ``x`` the labels of a category, and no other category's."""
    mine = shape.labels_of(schemas[0], category)
    names = {f"`{name}`" for schema in schemas for name in schema.categories}
    others = sorted(names - set(mine.split(":")))
    return (f"REMOVE x:{':'.join(others)} " if others else "") + f"SET x:{mine} "
