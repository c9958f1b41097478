"""Vectors of entities' names in Neo4j, with the index that finds the nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kgbuild.loaders.neo4j_connection import rows
from kgbuild.loaders.neo4j_shape import HASH

if TYPE_CHECKING:
    from neo4j import Driver

    from kgbuild.loaders.report import Progress
    from kgbuild.protocols import Encoder

__all__ = ["OLDEST", "add_vectors"]

OLDEST = (5, 15)  # the first with the index's command
_TOGETHER = 2000
_WANTING = (
    f"MATCH (n:Entity) WHERE n.{HASH} IS NOT NULL AND (n.embedding IS NULL"
    " OR n.embedding_name <> n.name OR n.embedding_model <> $model)"
)
_WRITE = """
    UNWIND $rows AS r MATCH (n:Entity {id: r[0]})
    SET n.embedding_name = r[1], n.embedding_model = $model
    WITH n, r CALL db.create.setNodeVectorProperty(n, 'embedding', r[2]) RETURN count(*)
"""
_INDEX = (
    "CREATE VECTOR INDEX kgbuild_vectors IF NOT EXISTS FOR (n:Entity) ON n.embedding"
    " OPTIONS {{indexConfig: {{`vector.dimensions`: {}, `vector.similarity_function`: 'cosine'}}}}"
)


def add_vectors(
    driver: Driver, encoder: Encoder, *, database: str, progress: Progress | None = None
) -> int:
    """Give each entity the vector of its name as ``embedding``, and index them; return how many.

    Only those without one, of another name or by another encoder are encoded. The index
    ``kgbuild_vectors`` goes by cosine.
    """
    model = encoder.fingerprint
    asked = rows(driver, f"{_WANTING} RETURN count(n)", database=database, model=model)
    total, done = int(asked[0][0]), 0
    query = f"{_WANTING} RETURN n.id, n.name LIMIT {_TOGETHER}"
    while wanting := rows(driver, query, database=database, model=model):
        names = [str(name or id_) for id_, name in wanting]
        vectors = encoder.encode(names).tolist()
        some = [[id_, name, v] for (id_, name), v in zip(wanting, vectors, strict=True)]
        rows(driver, _WRITE, database=database, model=model, rows=some)
        done += len(some)
        if progress is not None:
            progress("vectors", done, total)
    rows(driver, _INDEX.format(encoder.dimension), database=database)
    rows(driver, "CALL db.awaitIndexes(3600)", database=database)
    return done
