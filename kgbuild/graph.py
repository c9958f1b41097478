"""The graph that users hold: tables, queries, search and pictures over an output folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from kgbuild.errors import InputError
from kgbuild.layout import (
    cypher_store,
    failures_file,
    graph_folder,
    manifest_file,
    rdf_store,
    schema_file,
)

if TYPE_CHECKING:
    import duckdb
    import matplotlib.axes
    import networkx as nx
    import pandas as pd

    from kgbuild.entity_view import EntityView
    from kgbuild.loaders.cypher import CypherStore
    from kgbuild.loaders.report import LoadReport, Progress
    from kgbuild.loaders.sparql import SparqlStore
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["Graph"]

_HOP = """
    SELECT s.id, s.subject, a.name AS subject_name, s.predicate, s.object, b.name AS object_name,
        s.belief, s.papers, s.sentences, s.negated, $hop AS hop
    FROM statements s JOIN entities a ON a.id = s.subject JOIN entities b ON b.id = s.object
    WHERE s.belief >= $belief AND NOT list_contains($seen, s.id)
        AND (list_contains($frontier, s.subject) OR list_contains($frontier, s.object))
    ORDER BY s.belief DESC, s.papers DESC, s.id LIMIT $limit
"""


class Graph:
    """A built graph, opened for reading. Get one by ``Graph.open``; ``with`` closes it.

    Tables come as pandas DataFrames; the same graph answers Cypher and SPARQL, which
    docs/graph.md describes.
    """

    def __init__(self, folder: Path, *, schema: Schema) -> None:
        self.folder = folder
        self.schema = schema
        self._open: dict[str, Any] = {}

    @classmethod
    def open(cls, folder: str | Path, *, schema: Schema | str | Path | None = None) -> Graph:
        """Open the output folder of ``kgbuild build``.

        Args:
            folder: the output folder.
            schema: the schema, its name or file; without it the folder's own copy, else
                ``biomedical``.

        Raises:
            InputError: ``folder`` holds no graph.
        """
        from kgbuild.ontologies.schema import Schema

        folder = Path(folder)
        if not (graph_folder(folder) / "entities.parquet").is_file():
            raise InputError(
                f"{folder} holds no graph ({graph_folder(folder)} has no tables): "
                "give the folder that `kgbuild build INPUT --out FOLDER` wrote"
            )
        if schema is None:
            own = schema_file(folder)
            schema = own if own.is_file() else "biomedical"
        return cls(folder, schema=schema if isinstance(schema, Schema) else Schema.load(schema))

    @cached_property
    def tables(self) -> GraphTables:
        """The graph's Parquet files."""
        from kgbuild.tables import GraphTables

        return GraphTables(graph_folder(self.folder))

    def load_stores(self, *, progress: Progress | None = None) -> tuple[LoadReport, LoadReport]:
        """Make both embedded stores hold this graph (nothing is done where they do).

        Returns:
            The reports of the Cypher store and of the SPARQL store.
        """
        from kgbuild.loaders.ladybug import load_ladybug
        from kgbuild.loaders.oxigraph import load_oxigraph

        self._close_stores()
        cypher = load_ladybug(
            self.tables, cypher_store(self.folder), schema=self.schema, progress=progress
        )
        rdf = load_oxigraph(
            self.tables, rdf_store(self.folder), schema=self.schema, progress=progress
        )
        return cypher, rdf

    def load(self, target: str, *, progress: Progress | None = None, **options: Any) -> LoadReport:
        """Make a server, or a file, hold this graph; the same as ``kgbuild load``.

        Args:
            target: an address, ``neo4j://localhost`` or ``FILE.lbug``.
            progress: called with what is loaded, the rows done and the rows in all.
            options: those of ``kgbuild.loaders.targets.TargetOptions``: user, password, ...

        Raises:
            InputError: nothing is known that ``target`` could be.
            StoreError: it can't be reached, refuses, or fails.
            ValueError: an option that the target lacks, or a wrong value.
        """
        from kgbuild.loaders.targets import TargetOptions, target_of

        return target_of(target)(
            self.tables,
            target,
            schema=self.schema,
            options=TargetOptions(**options),
            progress=progress,
        )

    @cached_property
    def entities(self) -> pd.DataFrame:
        """All entities, one a row."""
        return self._frame("entities")

    @cached_property
    def statements(self) -> pd.DataFrame:
        """All statements, one a row; ``qualifiers`` are dicts."""
        frame = self._frame("statements")
        frame["qualifiers"] = [dict(pairs or ()) for pairs in frame["qualifiers"]]
        return frame

    @cached_property
    def evidence(self) -> pd.DataFrame:
        """All evidence, one sentence a row."""
        return self._frame("evidence")

    @cached_property
    def documents(self) -> pd.DataFrame:
        """All documents, without their text."""
        return self._frame("documents")

    @cached_property
    def failures(self) -> pd.DataFrame:
        """All documents, or parts of inputs, that could not be processed, with the reason."""
        import pyarrow.parquet as pq

        from kgbuild.tables import SCHEMAS

        path = failures_file(self.folder)
        table = pq.read_table(path) if path.is_file() else SCHEMAS["failures"].empty_table()
        frame: pd.DataFrame = table.to_pandas()
        return frame

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """How the graph was made: versions, checksums, configuration, counts; or empty."""
        import json

        path = manifest_file(self.folder)
        found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        return found

    def cypher(self, query: str, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return the rows of an openCypher query.

        Raises:
            StoreError: the query is wrong or would write, or the store is not there.
        """
        frame: pd.DataFrame = self._cypher.query(query, params).to_pandas()
        return frame

    def sparql(self, query: str) -> pd.DataFrame:
        """Return the solutions of a SPARQL SELECT: IRIs as CURIEs, literals as Python values.

        Prefixes need no declaration.

        Raises:
            StoreError: the query is wrong or would write, or the store is not there.
        """
        return self._sparql.select(query)

    def ask(self, query: str) -> bool:
        """Return the answer of a SPARQL ASK."""
        return self._sparql.ask(query)

    def construct(self, query: str) -> pd.DataFrame:
        """Return the triples of a SPARQL CONSTRUCT or DESCRIBE."""
        return self._sparql.construct(query)

    def find(self, text: str, *, category: str | None = None, limit: int = 10) -> pd.DataFrame:
        """Return the entities that ``text`` may mean, best first.

        ``text`` is an identifier, a name or synonym, the beginning of one, or, where nothing is
        equal or begins so, something similar. ``matched`` is the name that matched and ``how``
        is id, name, synonym, prefix or similar.
        """
        from kgbuild.find import find_entities

        return find_entities(self._duckdb, text, category=category, limit=limit)

    def resolve(self, entity: str) -> str:
        """Return the id of the entity that has this id, name or synonym.

        Of several with the name the one with most documents is taken.

        Raises:
            InputError: no entity has it; the message names the nearest ones.
        """
        found = self.find(entity, limit=5)
        exact = found[found["how"].isin(["id", "name", "synonym"])]
        if len(exact):
            return str(exact.iloc[0]["id"])
        near = ", ".join(
            f"{name} ({id_})" for name, id_ in zip(found["name"], found["id"], strict=True)
        )
        hint = f": did you mean {near}?" if near else ", nor one with a similar name"
        raise InputError(f"the graph has no entity {entity!r}{hint}")

    def entity_rows(self, ids: Collection[str]) -> list[tuple[str, str, str]]:
        """Return id, name and category of the entities among ``ids``, sorted by id."""
        rows: list[tuple[str, str, str]] = self._duckdb.execute(
            "SELECT id, name, category FROM entities WHERE list_contains(?, id) ORDER BY id",
            [sorted(ids)],
        ).fetchall()
        return rows

    def evidence_for(self, statement: str) -> pd.DataFrame:
        """Return the evidence of the statement with this id, plain and best-scored first.

        The document's title, date and year are added. Empty where there is no such statement.
        """
        frame: pd.DataFrame = self._duckdb.execute(
            "SELECT e.*, d.title, d.date, d.year FROM evidence e"
            " LEFT JOIN documents d ON d.id = e.document WHERE e.statement = ?"
            " ORDER BY e.negated, e.hedged, e.score DESC, e.id",
            [statement],
        ).df()
        return frame

    def neighborhood(
        self, entity: str, *, hops: int = 1, min_belief: float = 0.0, limit: int = 100
    ) -> pd.DataFrame:
        """Return the statements within ``hops`` of an entity, strongest first.

        Args:
            entity: an id, name or synonym.
            hops: 1 gives its own statements, 2 also those of its neighbours, ...
            min_belief: leave out weaker statements, and what only they lead to.
            limit: at most so many statements in all; nearer ones come first.

        Returns:
            One statement a row, with names and ``hop`` (1 for the entity's own).
        """
        import pandas as pd

        reached = {self.resolve(entity)}
        frontier, seen = set(reached), set[str]()
        frames = []
        for hop in range(1, hops + 1):
            frame: pd.DataFrame = self._duckdb.execute(
                _HOP,
                {
                    "belief": min_belief, "frontier": sorted(frontier), "seen": sorted(seen),
                    "limit": max(0, limit - len(seen)), "hop": hop,
                },
            ).df()  # fmt: skip
            frames.append(frame)
            seen.update(frame["id"])
            frontier = (set(frame["subject"]) | set(frame["object"])) - reached
            reached |= frontier
            if not frontier:
                break
        return pd.concat(frames, ignore_index=True)

    def show(
        self, entity: str, *, statements: int = 10, sentences: int = 2, min_belief: float = 0.0
    ) -> EntityView:
        """Return an entity with its strongest statements and their best sentences.

        Raises:
            InputError: no entity has this id, name or synonym.
        """
        from kgbuild.entity_view import entity_view

        return entity_view(
            self._duckdb,
            self.resolve(entity),
            statements=statements,
            sentences=sentences,
            min_belief=min_belief,
        )

    def to_networkx(
        self, *, min_belief: float = 0.0, categories: Collection[str] | None = None
    ) -> nx.MultiDiGraph[str]:
        """Return the graph, or a part, as a networkx multigraph keyed by statement id."""
        from kgbuild.loaders.networkx import to_networkx

        return to_networkx(self.tables, min_belief=min_belief, categories=categories)

    def associations(
        self,
        *,
        level: str = "document",
        total: int | None = None,
        min_together: int = 1,
        categories: tuple[str, str] | None = None,
    ) -> pd.DataFrame:
        """Return how strongly pairs of entities are associated, the strongest first.

        Counts, PMI, NPMI, log-likelihood, hypergeometric p and false discovery rate over the
        whole graph; see ``kgbuild.associations.associations``. ``total`` is the number of
        documents or sentences there are; without it that of the build.
        """
        from kgbuild.associations import associations

        if total is None and level == "sentence":
            total = self.manifest.get("workspace", {}).get("sentences")
        return associations(
            self._duckdb,
            level=level,
            total=total,
            min_together=min_together,
            categories=categories,
        )

    def plot(self, entity: str, **options: Any) -> matplotlib.axes.Axes:
        """Draw the neighbourhood of an entity; needs the extra ``notebook``.

        Options are those of ``kgbuild.picture.plot_neighborhood``.
        """
        from kgbuild.picture import plot_neighborhood

        return plot_neighborhood(self, entity, **options)

    def close(self) -> None:
        """Close the stores; they open again when asked."""
        self._close_stores()
        if "duckdb" in self._open:
            self._open.pop("duckdb").close()

    def __enter__(self) -> Graph:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {name}" for name, count in self._counts().items())
        return f"Graph({str(self.folder)!r}: {counts})"

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><td>{name}</td><td style='text-align:right'>{count:,}</td></tr>"
            for name, count in self._counts().items()
        )
        return f"<b>Graph</b> {escape(str(self.folder))}<table>{cells}</table>"

    def _counts(self) -> dict[str, int]:
        names = ("entities", "statements", "evidence", "documents")
        return {name: self.tables.count(name) for name in names}

    def _frame(self, table: str) -> pd.DataFrame:
        frame: pd.DataFrame = self.tables.read(table).to_pandas()
        return frame

    @property
    def _cypher(self) -> CypherStore:
        from kgbuild.loaders.cypher import CypherStore

        if "cypher" not in self._open:
            self._open["cypher"] = CypherStore(cypher_store(self.folder))
        store: CypherStore = self._open["cypher"]
        return store

    @property
    def _sparql(self) -> SparqlStore:
        from kgbuild.loaders.sparql import SparqlStore

        if "sparql" not in self._open:
            self._open["sparql"] = SparqlStore(rdf_store(self.folder), schema=self.schema)
        store: SparqlStore = self._open["sparql"]
        return store

    @property
    def _duckdb(self) -> duckdb.DuckDBPyConnection:
        from kgbuild.loaders.staging import connect

        if "duckdb" not in self._open:
            self._open["duckdb"] = connect(self.tables)
        connection: duckdb.DuckDBPyConnection = self._open["duckdb"]
        return connection

    def _close_stores(self) -> None:
        if "cypher" in self._open:
            self._open.pop("cypher").close()
        self._open.pop("sparql", None)
