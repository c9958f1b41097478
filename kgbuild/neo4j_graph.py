"""The same graph object over a Neo4j server instead of an output folder."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.graph import Graph
from kgbuild.layout import graph_folder

if TYPE_CHECKING:
    import pandas as pd

    from kgbuild.loaders.neo4j_reading import Neo4jStore
    from kgbuild.loaders.sparql import SparqlStore
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["Neo4jGraph", "open_neo4j"]


class Neo4jGraph(Graph):
    """A graph that lies in Neo4j.

    ``cypher`` asks the server each time. What needs the tables (frames, ``find``, ``show``,
    networkx, SPARQL, ...) fetches them when first asked for, into a temporary folder that goes
    with the object; ``fetch`` gets them anew.
    """

    def __init__(self, store: Neo4jStore, *, schema: Schema) -> None:
        super().__init__(Path(tempfile.mkdtemp(prefix="kgbuild-")), schema=schema)
        self.address = store.address
        self._store = store
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    @cached_property
    def tables(self) -> GraphTables:
        """The graph's tables, as the server held them when they were first asked for."""
        return self._store.fetch(graph_folder(self.folder))

    def cypher(self, query: str, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return the rows of a Cypher query, asked of the server; nodes are dicts.

        Raises:
            StoreError: the query is wrong or would write, or the server does not answer.
        """
        import pandas as pd

        names, rows = self._store.query(query, params)
        return pd.DataFrame(rows, columns=names)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the load wrote down: schema, vocabularies, evidence, versions, time."""
        return self._store.known

    @property
    def _sparql(self) -> SparqlStore:
        from kgbuild.layout import rdf_store
        from kgbuild.loaders.oxigraph import load_oxigraph

        if "sparql" not in self._open:
            load_oxigraph(self.tables, rdf_store(self.folder), schema=self.schema)
        return super()._sparql

    def close(self) -> None:
        """Close the connection to the server, and remove what was fetched."""
        super().close()
        self._store.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __repr__(self) -> str:
        return f"Neo4jGraph({self.address!r}, {self.manifest.get('evidence')})"


def open_neo4j(
    address: str,
    *,
    user: str = "",
    password: str = "",
    database: str = "",
    schema: Schema | str | Path | None = None,
) -> Neo4jGraph:
    """Open what ``kgbuild load`` put into a Neo4j.

    Args:
        address: ``neo4j://HOST`` and the like.
        user: whom to log in as; without it KGBUILD_USER.
        password: without it KGBUILD_PASSWORD.
        database: the server's database; without it the user's home database.
        schema: the schema, its name or file; without it the one that was loaded with.

    Raises:
        InputError: the database holds no graph of kgbuild's.
        StoreError: the server can't be reached, or refuses.
        ConfigError: the schema was a file, and must be given.
    """
    import os

    from kgbuild.loaders.neo4j_reading import Neo4jStore
    from kgbuild.ontologies.schema import Schema

    store = Neo4jStore(
        address,
        user=user or os.environ.get("KGBUILD_USER", ""),
        password=password or os.environ.get("KGBUILD_PASSWORD", ""),
        database=database,
    )
    wanted = schema if schema is not None else str(store.known["schema"])
    return Neo4jGraph(store, schema=wanted if isinstance(wanted, Schema) else Schema.load(wanted))
