"""Checking a graph against its schema: what breaks which rule, in RDF and in property graphs.

docs/validate.md lists the rules.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from kgbuild.loaders.report import Progress
    from kgbuild.loaders.rules import Question
    from kgbuild.ontologies.schema import Schema

__all__ = ["Breach", "Validation", "validate"]

Ask = Callable[[str], list[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Breach:
    """What breaks one rule.

    Attributes:
        rule: such as ``statement.belief``; with ``urn:kgbuild:shape:`` before it, the SHACL shape.
        language: SPARQL or Cypher, by which it was found.
        expected: what the values must be.
        count: how many there are.
        examples: some of them: what is wrong (an identifier) and its value, empty where it lacks.
    """

    rule: str
    language: str
    expected: str
    count: int
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Validation:
    """What a check found.

    Attributes:
        place: what was checked.
        schema: whose rules they are.
        checks: how many queries were asked.
        breaches: what breaks rules, in the order of the rules.
    """

    place: str
    schema: Schema
    checks: int
    breaches: tuple[Breach, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing breaks a rule."""
        return not self.breaches


def validate(
    place: str | Path,
    *,
    schema: Schema | str | Path | None = None,
    examples: int = 3,
    progress: Progress | None = None,
    **login: str,
) -> Validation:
    """Check a whole graph against the rules of its schema.

    Args:
        place: the output folder of a build, of which both stores are checked; an RDF file that
            kgbuild wrote; or the address of a Neo4j that a graph was loaded into.
        schema: the schema, its name or file; without it that of the graph.
        examples: how many of what breaks a rule to name.
        progress: called with the language, the queries done and all.
        login: for a server: user, password, database.

    Raises:
        InputError: the place holds no graph of kgbuild's.
        ConfigError: the schema of an RDF file was a file, and must be given.
        StoreError: a store is absent or can't be asked.
    """
    checks, breaches = 0, list[Breach]()
    with _stores(place, schema, login) as (found, stores):
        for language, ask, questions in stores:
            checks += len(questions)
            once = lru_cache(8)(ask)  # a sweep that several questions share is asked for them all
            for done, question in enumerate(questions):
                if progress is not None:
                    progress(language, done, len(questions))
                breaches += _broken(question, language, once, examples)
    return Validation(str(place), found, checks, tuple(breaches))


Store = tuple[str, Ask, "list[Question]"]


@contextmanager
def _stores(
    place: str | Path, schema: Schema | str | Path | None, login: dict[str, str]
) -> Iterator[tuple[Schema, list[Store]]]:
    """Yield the schema, and how to ask each store that the place has, and what."""
    from kgbuild.loaders.cypher_rules import cypher_rules
    from kgbuild.loaders.rdf_rules import sparql_rules

    if re.match(r"(neo4j|bolt)(\+s|\+ssc)?://", str(place)):
        from kgbuild.neo4j_graph import open_neo4j

        with open_neo4j(str(place), schema=schema, **login) as server:
            questions = cypher_rules(server.schema, neo4j=True)
            yield server.schema, [("Cypher", _rows(server.cypher), questions)]
    elif Path(place).is_file():
        from kgbuild.loaders.rdf_check import checkable

        with tempfile.TemporaryDirectory(prefix="kgbuild-") as folder:
            store, found = checkable(Path(place), Path(folder) / "rdf", schema=schema)
            yield found, [("SPARQL", _rows(store.select), sparql_rules(found))]
    else:
        from kgbuild.graph import Graph

        with Graph.open(place, schema=schema) as graph:
            asked = (
                ("SPARQL", _rows(graph.sparql), sparql_rules(graph.schema)),
                ("Cypher", _rows(graph.cypher), cypher_rules(graph.schema)),
            )
            yield graph.schema, list(asked)


def _rows(ask: Callable[[str], pd.DataFrame]) -> Ask:
    def rows(query: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = ask(query).to_dict("records")
        return found

    return rows


def _broken(question: Question, language: str, ask: Ask, examples: int) -> Iterator[Breach]:
    if question.sweep and not _count(ask(question.sweep)):
        return
    if count := _count(ask(question.counting)):
        found = ask(f"{question.text} LIMIT {examples}") if examples else []
        named = tuple((_shown(row["this"]), _shown(row["value"])) for row in found)
        yield Breach(question.rule, language, question.expected, count, named)


def _count(rows: list[dict[str, object]]) -> int:
    return int(str(rows[0]["count"]))


def _shown(value: object) -> str:
    return "" if value is None or value != value else str(value)  # noqa: PLR0124 - NaN
