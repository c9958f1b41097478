"""Several graphs made one: what has the same id is the same, and its evidence counts together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from kgbuild.loaders.report import replacing
from kgbuild.tables import GRAPH_TABLES, GraphTables

__all__ = ["join_graphs"]

_UNITED = ", ".join(
    f"list_sort(list_distinct(flatten(list(coalesce({name}, []))))) AS {name}"
    for name in ("synonyms", "xrefs", "parents")
)
# the first graph's name, category and vocabulary count, unless it knows none
_QUERIES = {
    "entities": "SELECT id, first(name ORDER BY name IS NULL OR name = id, place) AS name,"
    " first(category ORDER BY category = 'NamedThing', place) AS category,"
    f" {_UNITED}, first(vocabulary ORDER BY coalesce(vocabulary, '') = '', place) AS vocabulary,"
    " sum(coalesce(mentions, 0))::BIGINT AS mentions,"
    " sum(coalesce(sentences, 0))::BIGINT AS sentences,"
    " sum(coalesce(documents, 0))::BIGINT AS documents FROM entities GROUP BY id ORDER BY id",
    "evidence": "SELECT DISTINCT ON (id) * EXCLUDE place FROM evidence ORDER BY id, place",
    "documents": "SELECT id, first(title ORDER BY coalesce(title, '') = '', place) AS title,"
    " first(date ORDER BY coalesce(date, '') = '', place) AS date,"
    " first(year ORDER BY year IS NULL, place) AS year,"
    " first(source ORDER BY coalesce(source, '') = '', place) AS source"
    " FROM documents GROUP BY id ORDER BY id",
    "occurrences": "SELECT document, entity, max(mentions) AS mentions, max(sentences) AS sentences"
    " FROM occurrences GROUP BY document, entity ORDER BY document, entity",
    # beliefs of several graphs are independent: all of them must be wrong
    "statements": "WITH d AS (SELECT statement,"
    " count(DISTINCT document) FILTER (NOT negated) AS papers,"
    " count(*) FILTER (NOT negated) AS sentences, count(*) FILTER (negated) AS denied"
    " FROM joined_evidence GROUP BY statement)"
    " SELECT s.id, any_value(subject) AS subject, any_value(a.category) AS subject_category,"
    " any_value(predicate) AS predicate, any_value(object) AS object,"
    " any_value(b.category) AS object_category, any_value(qualifiers) AS qualifiers,"
    " CASE WHEN count(*) = 1 THEN any_value(belief)"
    " ELSE round(1 - product(1 - coalesce(belief, 0)), 9) END AS belief,"
    " greatest(max(s.papers), any_value(d.papers)) AS papers,"
    " greatest(max(s.sentences), any_value(d.sentences)) AS sentences,"
    " greatest(max(s.negated), any_value(d.denied)) AS negated, max(hedged) AS hedged,"
    " min(first_year) AS first_year, max(last_year) AS last_year,"
    " list_sort(list_distinct(flatten(list(coalesce(extractors, []))))) AS extractors"
    " FROM statements s LEFT JOIN d ON d.statement = s.id"
    " LEFT JOIN joined_entities a ON a.id = s.subject LEFT JOIN joined_entities b"
    " ON b.id = s.object GROUP BY s.id ORDER BY s.id",
}


def join_graphs(graphs: Sequence[GraphTables | Path], folder: Path) -> GraphTables:
    """Write the graph that several graphs are together into the tables of ``folder``.

    Names, categories and dates are the first graph's that has them; lists are united, evidence is
    counted once. The belief of a statement that several graphs have is that not all are wrong.

    Raises:
        StoreError: the folder can't be written.
    """
    import duckdb

    sources = [GraphTables(graph) if isinstance(graph, Path) else graph for graph in graphs]
    with duckdb.connect(config={"memory_limit": "2GB"}) as db:
        for table in GRAPH_TABLES:
            union = " UNION ALL BY NAME ".join(
                f"SELECT *, {place} AS place FROM '{_quoted(source.path(table))}'"
                for place, source in enumerate(sources)
            )
            db.execute(f"CREATE VIEW {table} AS {union}")
        for table, query in _QUERIES.items():
            path = folder / f"{table}.parquet"
            with replacing(path) as beside, pq.ParquetWriter(beside, GRAPH_TABLES[table]) as writer:
                for batch in db.sql(query).to_arrow_reader(50_000):
                    ordered = batch.select(GRAPH_TABLES[table].names)
                    writer.write_batch(ordered.cast(GRAPH_TABLES[table]))
            db.read_parquet(str(path)).create_view(f"joined_{table}")
    return GraphTables(folder)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
