"""The constraints and indexes that kgbuild makes in Neo4j."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kgbuild.loaders.neo4j_connection import rows

if TYPE_CHECKING:
    from neo4j import Driver

__all__ = ["CONSTRAINTS", "PATIENCE", "add_indexes", "make_constraints"]

CONSTRAINTS = tuple(
    f"CREATE CONSTRAINT kgbuild_{label.lower()} IF NOT EXISTS FOR (n:{label})"
    " REQUIRE n.id IS UNIQUE"
    for label in ("Entity", "Document", "Evidence")
)
"""The queries that make ids unique."""
PATIENCE = 3600
"""Seconds that indexes may take to be filled."""
_INDEXES = (
    "CREATE INDEX kgbuild_entity_name IF NOT EXISTS FOR (n:Entity) ON (n.name)",
    "CREATE INDEX kgbuild_evidence_statement IF NOT EXISTS FOR (n:Evidence) ON (n.statement)",
    "CREATE FULLTEXT INDEX kgbuild_names IF NOT EXISTS FOR (n:Entity) ON EACH [n.name, n.synonyms]",
    "CREATE FULLTEXT INDEX kgbuild_sentences IF NOT EXISTS FOR (n:Evidence) ON EACH [n.sentence]",
)


def make_constraints(driver: Driver, database: str) -> None:
    """Make ids unique, which makes them quick to find; what is there already stays."""
    for query in CONSTRAINTS:
        rows(driver, query, database=database)
    rows(driver, f"CALL db.awaitIndexes({PATIENCE})", database=database)


def add_indexes(driver: Driver, database: str) -> None:
    """Make the indexes for questions, and wait until they are filled.

    After a first load: filling one at once costs a fraction of keeping it up to date.
    """
    for query in _INDEXES:
        rows(driver, query, database=database)
    rows(driver, f"CALL db.awaitIndexes({PATIENCE})", database=database)
