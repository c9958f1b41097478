"""Making a graph's tables of rows that come in any order, from outside."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from kgbuild.arrow import to_table
from kgbuild.errors import StoreError
from kgbuild.loaders.report import remove, replacing
from kgbuild.records import Evidence, Statement
from kgbuild.tables import GRAPH_TABLES, GraphTables

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["GraphWriter"]

_ROWS = 50_000
_UNKNOWN = "NamedThing"
_BELIEF = 0.95  # of a statement that someone else made and says no more about

# the first of several rows with an id counts; an end that is no node becomes one without a name
_QUERIES = {
    "entities": "WITH known AS (SELECT DISTINCT ON (id) * FROM entities ORDER BY id),"
    " missing AS (SELECT unnest([subject, object]) AS id FROM statements)"
    " SELECT * FROM known UNION ALL BY NAME SELECT DISTINCT id, id AS name, '{unknown}' AS category"
    " FROM missing ANTI JOIN known USING (id) ORDER BY id",
    "statements": "WITH s AS (SELECT DISTINCT ON (id) * FROM statements ORDER BY id),"
    " d AS (SELECT statement, count(DISTINCT document) FILTER (NOT negated) AS papers,"
    " count(*) FILTER (NOT negated) AS sentences, count(*) FILTER (negated) AS negated,"
    " list_sort(list(DISTINCT extractor)) AS extractors, min(year)::INTEGER AS first_year,"
    " max(year)::INTEGER AS last_year FROM evidence e LEFT JOIN"
    " (SELECT DISTINCT ON (id) id, year FROM documents) y ON y.id = e.document GROUP BY statement)"
    " SELECT s.* REPLACE (a.category AS subject_category, b.category AS object_category,"
    " coalesce(s.papers, d.papers, 0) AS papers,"
    " coalesce(s.sentences, d.sentences, 0) AS sentences,"
    " coalesce(s.negated, d.negated, 0) AS negated, coalesce(s.hedged, 0) AS hedged,"
    " coalesce(s.first_year, d.first_year) AS first_year,"
    " coalesce(s.last_year, d.last_year) AS last_year,"
    " coalesce(s.extractors, d.extractors, []) AS extractors,"
    " coalesce(s.belief, CASE WHEN d.sentences > 0 THEN {belief} ELSE 0 END) AS belief)"
    " FROM s LEFT JOIN d ON d.statement = s.id LEFT JOIN done a ON a.id = s.subject"
    " LEFT JOIN done b ON b.id = s.object ORDER BY s.id",
    "evidence": "SELECT DISTINCT ON (id) * FROM evidence ORDER BY id",
    "documents": "SELECT DISTINCT ON (id) * FROM documents ORDER BY id",
    "occurrences": "SELECT DISTINCT ON (document, entity) * FROM occurrences"
    " ORDER BY document, entity",
}


class GraphWriter:
    """Writes the five tables of ``folder``; use it in ``with``, they are there at its end.

    Rows may come in any order and more than once; memory is that of some batches. Identifiers and
    labels are brought to the schema's form, so that the same thing has the same id as in a graph
    that kgbuild built.
    """

    def __init__(self, folder: Path, *, schema: Schema) -> None:
        self.schema = schema
        self._folder = folder
        self._parts = folder.with_name(f".{folder.name}.parts")
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in GRAPH_TABLES}
        self._counts = dict.fromkeys(GRAPH_TABLES, 0)

    def __enter__(self) -> GraphWriter:
        try:
            remove(self._parts)
            self._parts.mkdir(parents=True)
        except OSError as error:
            raise StoreError(f"{self._folder} can't be written: {error.strerror}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            remove(self._parts)

    def entity(self, id: str, *, labels: list[str], **columns: Any) -> None:
        """Add an entity.

        Args:
            id: its identifier, a CURIE of any spelling.
            labels: what it is called to be; the most special one that the schema knows counts.
            columns: others of the table.
        """
        lists = {key: columns.get(key) or [] for key in ("synonyms", "xrefs", "parents")}
        curies = {key: [self.schema.curie(x) for x in lists[key]] for key in ("xrefs", "parents")}
        self._add(
            "entities",
            {**columns, **lists, **curies, "id": self.schema.curie(id),
             "category": self._category(labels)},
        )  # fmt: skip

    def statement(
        self,
        subject: str,
        predicate: str,
        object: str,
        *,
        qualifiers: dict[str, str],
        **columns: Any,
    ) -> str:
        """Add a statement and return its id, which its content gives.

        A predicate that the schema lacks becomes ``related_to``, with its own name as the
        qualifier ``original_predicate``.
        """
        known = self.schema.predicate(predicate.rpartition(":")[2])
        if known is None:
            qualifiers = {**qualifiers, "original_predicate": predicate}
            known = "related_to" if "related_to" in self.schema.predicates else predicate
        subject, known, object = self.schema.canonical(
            self.schema.curie(subject), known, self.schema.curie(object)
        )
        pairs = tuple(sorted(qualifiers.items()))
        statement = Statement(subject, known, object, pairs)
        row = {"id": statement.id, "subject": subject, "predicate": known, "object": object}
        self._add("statements", {**columns, **row, "qualifiers": list(pairs)})
        return statement.id

    def source(
        self, statement: str, document: str, *, extractor: str, negated: bool = False
    ) -> None:
        """Add evidence without a sentence: a paper or a database that says the statement."""
        document = self.schema.curie(document)
        evidence = Evidence(
            statement, document, 0, 0, "", 0, 0, 0, 0, 1.0, extractor, negated=negated
        )
        fields = {name: getattr(evidence, name) for name in GRAPH_TABLES["evidence"].names}
        self._add("evidence", fields)
        self._add("documents", {"id": document})

    def row(self, table: str, row: dict[str, Any]) -> None:
        """Add a row of a table as it is."""
        self._add(table, row)

    def _category(self, labels: list[str]) -> str:
        known = {self.schema.category(label.rpartition(":")[2]) for label in labels} - {None}
        names = [name for name in known if name and not self.schema.categories[name].abstract]
        special = [
            name
            for name in names
            if not any(n != name and self.schema.is_a(n, name) for n in names)
        ]
        default = (
            _UNKNOWN if _UNKNOWN in self.schema.categories else next(iter(self.schema.categories))
        )
        return min(special, default=default)

    def _add(self, table: str, row: dict[str, Any]) -> None:
        rows = self._rows[table]
        rows.append(row)
        if len(rows) >= _ROWS:
            self._spill(table)

    def _spill(self, table: str) -> None:
        path = self._parts / f"{table}-{self._counts[table]:06}.parquet"
        names = GRAPH_TABLES[table].names
        rows = [{name: row.get(name) for name in names} for row in self._rows[table]]
        pq.write_table(to_table(rows, GRAPH_TABLES[table]), path)
        self._rows[table] = []
        self._counts[table] += 1

    def _finish(self) -> None:
        import duckdb

        for table in GRAPH_TABLES:
            self._spill(table)
        with duckdb.connect(config={"memory_limit": "2GB"}) as db:
            db.execute(f"SET temp_directory = '{self._parts / 'spill'}'")
            for table in GRAPH_TABLES:
                files = sorted(str(path) for path in self._parts.glob(f"{table}-*.parquet"))
                db.read_parquet(files).create_view(table)
            for table, query in _QUERIES.items():
                target = self._folder / f"{table}.parquet"
                filled = query.format(unknown=self._category([]), belief=_BELIEF)
                with (
                    replacing(target) as beside,
                    pq.ParquetWriter(beside, GRAPH_TABLES[table]) as w,
                ):
                    for batch in db.sql(filled).to_arrow_reader(_ROWS):
                        ordered = batch.select(GRAPH_TABLES[table].names)
                        w.write_batch(ordered.cast(GRAPH_TABLES[table]))
                if table == "entities":
                    db.read_parquet(str(target)).create_view("done")

    @property
    def tables(self) -> GraphTables:
        """The tables, once they are whole."""
        return GraphTables(self._folder)
