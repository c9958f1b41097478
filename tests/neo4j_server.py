"""A real Neo4j for the tests, and what they ask it."""

from __future__ import annotations

from typing import Any

import neo4j

from kgbuild.loaders.neo4j import load_neo4j
from kgbuild.loaders.neo4j_server import LocalNeo4j
from kgbuild.loaders.report import LoadReport
from kgbuild.loaders.targets import TargetOptions
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables

# a server of a minute: what it compiles costs more than it gains
QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


class Server:
    """The server, and a driver of it."""

    def __init__(self, local: LocalNeo4j) -> None:
        self.local = local
        self.driver = neo4j.GraphDatabase.driver(
            local.address, auth=(local.user, local.password), notifications_min_severity="OFF"
        )
        self.notices: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        return {"KGBUILD_USER": self.local.user, "KGBUILD_PASSWORD": self.local.password}

    def options(self, **options: Any) -> TargetOptions:
        login = {"user": self.local.user, "password": self.local.password}
        return TargetOptions(**{**login, "notice": self.notices.append, **options})

    def load(self, tables: GraphTables, **options: Any) -> LoadReport:
        return load_neo4j(
            tables, self.local.address, schema=Schema.load(), options=self.options(**options)
        )

    def ask(self, query: str, **parameters: Any) -> list[list[Any]]:
        records = self.driver.execute_query(query, parameters, database_="neo4j").records
        return [record.values() for record in records]

    def wipe(self) -> None:
        self.ask("MATCH (n) DETACH DELETE n")

    def holds(self, tables: GraphTables) -> None:
        """Check every id and both ends of everything against the tables."""

        def column(table: str, *names: str) -> list[tuple[Any, ...]]:
            rows = tables.read(table).to_pylist()
            return sorted(tuple(row[name] for name in names) for row in rows)

        def found(query: str) -> list[tuple[Any, ...]]:
            return sorted(tuple(row) for row in self.ask(query))

        assert found("MATCH (n:Entity) RETURN n.id, n.category") == column(
            "entities", "id", "category"
        )
        assert found("MATCH (n:Document) RETURN n.id, n.year") == column("documents", "id", "year")
        statements = column("statements", "subject", "predicate", "object", "id", "belief")
        assert statements == found(
            "MATCH (a:Entity)-[r]->(b:Entity) RETURN a.id, type(r), b.id, r.id, r.belief"
        )
        ends = {row[3]: (row[0], row[2]) for row in statements}
        assert found(
            "MATCH (a)<-[:HAS_SUBJECT]-(e:Evidence)-[:HAS_OBJECT]->(b)"
            " MATCH (e)-[:IN_DOCUMENT]->(d) RETURN e.id, e.statement, a.id, b.id, d.id, e.score"
        ) == [
            (key, statement, *ends[statement], document, score)
            for key, statement, document, score in column(
                "evidence", "id", "statement", "document", "score"
            )
        ]
        assert found("MATCH (n:Evidence) RETURN n.id") == column("evidence", "id")
        links = self.ask("MATCH (:Evidence)-[r]->() RETURN count(r)")
        assert links == [[3 * tables.count("evidence")]]
        assert found(
            "MATCH (d)-[r:MENTIONS]->(e) RETURN d.id, e.id, r.mentions, r.sentences"
        ) == column("occurrences", "document", "entity", "mentions", "sentences")
