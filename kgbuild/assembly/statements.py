"""The graph tables, aggregated from the shards' parts by DuckDB, out of core."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from kgbuild.arrow import to_table
from kgbuild.assembly.belief import CONTRADICTION, HEDGED, Rates
from kgbuild.assembly.hierarchy import Edge, Lookup, climb
from kgbuild.durable import sync
from kgbuild.errors import WorkspaceError
from kgbuild.records import Term
from kgbuild.tables import GRAPH_TABLES, GraphTables

if TYPE_CHECKING:
    import duckdb

__all__ = ["PARTS", "assemble"]

PARTS: dict[str, pa.Schema] = {
    "graph_evidence": pa.schema(
        [
            *GRAPH_TABLES["evidence"],
            *(
                pa.field(name, pa.string())
                for name in (
                    "subject", "subject_category", "predicate", "object", "object_category",
                )
            ),
            pa.field("year", pa.int32()),
        ]
    ),
    "graph_occurrences": pa.schema(
        [
            *GRAPH_TABLES["occurrences"],
            pa.field("category", pa.string()),
            pa.field("text", pa.string()),
        ]
    ),
    "graph_documents": pa.schema(
        [*GRAPH_TABLES["documents"], pa.field("sentences", pa.int64())]
    ),
}  # fmt: skip

_RETIRED = pa.schema([("document", pa.string()), ("shard", pa.int32())])
_LIVE = """
CREATE VIEW {name} AS SELECT * EXCLUDE (filename) FROM all_{name} p WHERE NOT EXISTS (
  SELECT 1 FROM retired r WHERE r.document = p.{key}
  AND r.shard = regexp_extract(p.filename, '([0-9]+)\\.parquet$', 1)::INTEGER)
"""

_STATEMENTS = """
WITH sentences AS (
  SELECT statement, document, start, "end", any_value(year) AS year,
         bool_or(NOT negated) AS affirms, bool_or(negated) AS denies,
         bool_or(NOT negated AND hedged) AND NOT bool_or(NOT negated AND NOT hedged) AS hedges
  FROM evidence GROUP BY ALL),
papers AS (
  SELECT statement, document, split_part(extractor, '/', 1) AS extractor, negated,
         max(score * CASE WHEN hedged THEN {hedged} ELSE 1 END) AS score
  FROM evidence GROUP BY ALL),
wrong AS (
  SELECT statement, negated, p.extractor,
         any_value(r.systematic)
           + (1 - any_value(r.systematic)) * product(1 - score * (1 - r.random)) AS chance
  FROM papers p JOIN rates r USING (extractor) GROUP BY ALL),
support AS (
  SELECT statement,
         1 - coalesce(product(chance) FILTER (NOT negated), 1) AS affirmed,
         1 - coalesce(product(chance) FILTER (negated), 1) AS denied,
         list_sort(list(DISTINCT extractor)) AS extractors
  FROM wrong GROUP BY ALL),
counts AS (
  SELECT statement,
         count(DISTINCT document) FILTER (affirms) AS papers,
         count(*) FILTER (affirms) AS sentences,
         count(*) FILTER (denies) AS negated,
         count(*) FILTER (hedges) AS hedged,
         min(year) AS first_year, max(year) AS last_year
  FROM sentences GROUP BY ALL),
ends AS (
  SELECT statement, any_value(subject) AS subject, any_value(predicate) AS predicate,
         any_value(object) AS object
  FROM evidence GROUP BY ALL)
SELECT ends.statement AS id, subject, s.category AS subject_category, predicate, object,
       o.category AS object_category, MAP {{}} AS qualifiers,
       round(affirmed * (1 - {contradiction} * denied), 9) AS belief,
       papers, sentences, negated, hedged, first_year, last_year, extractors
FROM ends JOIN support USING (statement) JOIN counts USING (statement)
JOIN categories s ON s.entity = subject JOIN categories o ON o.entity = object
"""

_WITH_ONTOLOGY = """
WITH found AS ({statements})
SELECT * FROM found UNION ALL BY NAME
SELECT e.id, e.subject, s.category AS subject_category, e.predicate, e.object,
       o.category AS object_category, MAP {{}} AS qualifiers, 1.0 AS belief, 0 AS papers,
       0 AS sentences, 0 AS negated, 0 AS hedged, NULL AS first_year, NULL AS last_year,
       ['ontology'] AS extractors
FROM edges e JOIN categories s ON s.entity = e.subject JOIN categories o ON o.entity = e.object
WHERE e.id NOT IN (SELECT id FROM found)
ORDER BY id
"""

_ENTITIES = """
SELECT entity, category, text, mentions, sentences, documents FROM (
  SELECT entity, arg_max(category, (category_weight, category)) AS category,
         arg_max(text, (weight, text)) AS text,
         sum(mentions)::BIGINT AS mentions, sum(sentences)::BIGINT AS sentences,
         count(DISTINCT document) AS documents
  FROM (SELECT *, sum(mentions) OVER (PARTITION BY entity, text) AS weight,
               sum(mentions) OVER (PARTITION BY entity, category) AS category_weight
        FROM occurrences)
  GROUP BY entity) ORDER BY entity
"""


def assemble(
    parts: Mapping[str, Sequence[Path]],
    folder: Path,
    *,
    retired: Iterable[tuple[str, int]],
    rates: Mapping[str, Rates],
    term: Callable[[str], Term | None],
    preferred: Callable[[str], str] = str,
    ontology: Sequence[str] = (),
    memory: str = "2GB",
) -> tuple[GraphTables, int]:
    """Aggregate the shards' parts into the graph tables of ``folder``, replacing it as one.

    Returns:
        The tables, and the number of sentences in the live documents.

    Args:
        parts: for each table of ``PARTS`` the shards' files (named SHARD.parquet).
        folder: where the five tables go.
        retired: (document, shard) pairs that don't count any more.
        rates: error rates by extractor; must have ``default``.
        term: looks up an entity's term by its CURIE; None for those that no vocabulary has.
        preferred: gives the id by which the graph knows a thing that has several.
        ontology: kinds of the ontologies' own edges that enter the graph; see
            ``kgbuild.assembly.hierarchy``.
        memory: DuckDB's limit; what needs more is spilled beside ``folder``.

    Raises:
        WorkspaceError: the folder can't be written.
    """
    import duckdb

    beside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        with duckdb.connect(
            config={"memory_limit": memory, "temp_directory": str(beside / "spill")}
        ) as db:
            _register(db, parts, retired, rates)
            _write_all(db, beside, Lookup(term, preferred), ontology)
            total = db.sql("SELECT coalesce(sum(sentences), 0) FROM documents").fetchall()[0][0]
        shutil.rmtree(beside / "spill", ignore_errors=True)
        for path in beside.iterdir():
            sync(path)
        if folder.exists():
            old = folder.with_name(f".{folder.name}.old")
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
            beside.rename(folder)
            shutil.rmtree(old)
        else:
            beside.rename(folder)
        sync(folder.parent)
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise WorkspaceError(
            f"{folder} can't be written ({error}): free some space and run the same command again"
        ) from error
    return GraphTables(folder), int(total)


def _register(
    db: duckdb.DuckDBPyConnection,
    parts: Mapping[str, Sequence[Path]],
    retired: Iterable[tuple[str, int]],
    rates: Mapping[str, Rates],
) -> None:
    db.execute("SET preserve_insertion_order = false")
    rows = [{"document": document, "shard": shard} for document, shard in retired]
    db.register("retired", to_table(rows, _RETIRED))
    for part, key in (
        ("graph_evidence", "document"),
        ("graph_occurrences", "document"),
        ("graph_documents", "id"),
    ):
        name = part.removeprefix("graph_")
        if parts[part]:
            files = [str(path) for path in parts[part]]
            db.read_parquet(files, filename=True).create_view(f"all_{name}")
        else:
            empty = PARTS[part].append(pa.field("filename", pa.string())).empty_table()
            db.register(f"all_{name}", empty)
        db.execute(_LIVE.format(name=name, key=key))
    found = db.execute("SELECT DISTINCT split_part(extractor, '/', 1) FROM evidence").fetchall()
    db.execute("CREATE TABLE rates (extractor VARCHAR, systematic DOUBLE, random DOUBLE)")
    for (extractor,) in found:
        rate = rates.get(extractor, rates["default"])
        db.execute("INSERT INTO rates VALUES (?, ?, ?)", [extractor, rate.systematic, rate.random])


def _write_all(
    db: duckdb.DuckDBPyConnection, folder: Path, lookup: Lookup, ontology: Sequence[str]
) -> None:
    ids = (row[0] for row in db.sql("SELECT DISTINCT entity FROM occurrences").fetchall())
    above, edges = climb(ids, ontology, lookup) if ontology else ({}, [])
    _write_entities(db, folder, lookup.term, above)
    db.register("edges", _edges(edges))
    columns = ", ".join(f'"{name}"' for name in GRAPH_TABLES["evidence"].names)
    queries = {
        "statements": _WITH_ONTOLOGY.format(
            statements=_STATEMENTS.format(hedged=HEDGED, contradiction=CONTRADICTION)
        ),
        "evidence": f"SELECT {columns} FROM evidence ORDER BY id",  # noqa: S608
        "documents": "SELECT id, title, date, year, source FROM documents ORDER BY id",
        "occurrences": (
            "SELECT document, entity, mentions, sentences FROM occurrences ORDER BY ALL"
        ),
    }
    for table, query in queries.items():
        _write(folder / f"{table}.parquet", GRAPH_TABLES[table], db.sql(query))


def _write(path: Path, schema: pa.Schema, result: duckdb.DuckDBPyRelation) -> None:
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in result.to_arrow_reader(100_000):
            writer.write_table(pa.Table.from_batches([batch]).cast(schema))


def _edges(edges: Sequence[Edge]) -> pa.Table:
    columns = ("id", "subject", "predicate", "object")
    schema = pa.schema([(name, pa.string()) for name in columns])
    return to_table([{name: getattr(edge, name) for name in columns} for edge in edges], schema)


def _write_entities(
    db: duckdb.DuckDBPyConnection,
    folder: Path,
    term: Callable[[str], Term | None],
    above: Mapping[str, Term],
) -> None:
    schema = GRAPH_TABLES["entities"]
    path = folder / "entities.parquet"
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in db.sql(_ENTITIES).to_arrow_reader(20_000):
            rows = [_entity(row, term(row["entity"])) for row in batch.to_pylist()]
            writer.write_table(to_table(rows, schema))
        none = {"text": "", "category": "", "mentions": 0, "sentences": 0, "documents": 0}
        rows = [_entity({"entity": curie, **none}, found) for curie, found in above.items()]
        if rows:
            writer.write_table(to_table(rows, schema))
    db.read_parquet(str(path)).project("id AS entity, category").create_view("categories")


def _entity(row: Mapping[str, Any], term: Term | None) -> dict[str, Any]:
    found = {
        "id": row["entity"],
        "name": row["text"],
        "category": row["category"],
        "synonyms": [],
        "xrefs": [],
        "parents": [],
        "vocabulary": "",
        "mentions": row["mentions"],
        "sentences": row["sentences"],
        "documents": row["documents"],
    }
    if term is not None:
        found |= {
            "name": term.name,
            "category": term.category or row["category"],
            "synonyms": [synonym.text for synonym in term.synonyms],
            "xrefs": list(term.xrefs),
            "parents": list(term.parents),
            "vocabulary": row["entity"].partition(":")[0],
        }
    return found
