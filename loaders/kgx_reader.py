"""Reading graphs in KGX's two forms, TSV and JSON Lines, also those of others."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import InputError

if TYPE_CHECKING:
    from kgbuild.loaders.graph_writer import GraphWriter
    from kgbuild.ontologies.schema import Schema

__all__ = ["read_kgx"]

# what an edge has beside subject, predicate, object and qualifiers, as far as it is used
_SOURCES = ("primary_knowledge_source", "knowledge_source", "provided_by")
_LISTS = frozenset({"category", "synonym", "xref", "publications", "provided_by", "same_as"})
_TRUE = {"true", "True", "1", True}


def read_kgx(path: Path, writer: GraphWriter) -> None:
    """Add the graph of ``PATH_nodes.tsv`` and ``PATH_edges.tsv`` (or ``.jsonl``) to ``writer``.

    ``path`` may be one of the two files, or what their names begin with. A predicate that Biolink
    says with qualifiers becomes the schema's own; publications become evidence without a sentence,
    and an edge without any has its knowledge source as the document.

    Raises:
        InputError: the files are not there, or a line is not what it should be.
    """
    nodes, edges = _files(path)
    read = _jsonl if nodes.suffix == ".jsonl" else _tsv
    for row in read(nodes):
        writer.entity(
            _needed(row, "id", nodes),
            labels=_list(row.get("category")),
            name=row.get("name"),
            synonyms=_list(row.get("synonym")),
            xrefs=_list(row.get("xref")) + _list(row.get("same_as")),
            vocabulary=next(iter(_list(row.get("provided_by"))), ""),
        )
    predicates = _Predicates(writer.schema)
    for row in read(edges):
        _edge(row, writer, predicates, edges)


def _edge(row: dict[str, Any], writer: GraphWriter, predicates: _Predicates, path: Path) -> None:
    given = {k: str(v) for k, v in row.items() if k.endswith("_qualifier") and v}
    if row.get("qualified_predicate"):
        given["qualified_predicate"] = str(row["qualified_predicate"])
    original = str(row.get("original_predicate") or "")
    predicate, qualifiers = predicates.of(_needed(row, "predicate", path), original, given)
    negated = row.get("negated") in _TRUE
    counts = {key: int(row[key]) for key in ("papers", "sentences") if row.get(key)}
    belief = {"belief": float(row["belief"])} if row.get("belief") not in (None, "") else {}
    statement = writer.statement(
        _needed(row, "subject", path), predicate, _needed(row, "object", path),
        qualifiers=qualifiers, **counts, **belief,
    )  # fmt: skip
    source = next((x for key in _SOURCES for x in _list(row.get(key))), "infores:unknown")
    for document in _list(row.get("publications")) or [source]:
        writer.source(statement, document, extractor=source, negated=negated)


class _Predicates:
    """From Biolink's predicate and qualifiers to the schema's predicate."""

    def __init__(self, schema: Schema) -> None:
        self._names = schema.predicates
        self._by_curie: dict[str, list[tuple[str, dict[str, str]]]] = {}
        for name, predicate in schema.predicates.items():
            entry = (name, dict(predicate.qualifiers))
            self._by_curie.setdefault(predicate.curie, []).append(entry)
        for curie, entries in self._by_curie.items():  # most qualifiers first, then the exact one
            entries.sort(key=lambda e: (-len(e[1]), f"biolink:{e[0]}" != curie))

    def of(
        self, curie: str, original: str, qualifiers: dict[str, str]
    ) -> tuple[str, dict[str, str]]:
        """Return the predicate, and the qualifiers that it does not say itself."""
        own = original.removeprefix("kgb:predicate:")
        candidates = self._by_curie.get(curie, [])
        if own != original and own in self._names:
            candidates = [(own, dict(self._names[own].qualifiers))]
        for name, said in candidates:
            if said.items() <= qualifiers.items():
                return name, {k: v for k, v in qualifiers.items() if k not in said}
        return curie, qualifiers


def _files(path: Path) -> tuple[Path, Path]:
    name = path.name
    for suffix in (".tsv", ".jsonl"):
        stem = name.removesuffix(suffix).removesuffix("_nodes").removesuffix("_edges")
        pair = path.with_name(f"{stem}_nodes{suffix}"), path.with_name(f"{stem}_edges{suffix}")
        if all(file.is_file() for file in pair):
            return pair
    raise InputError(
        f"there is no KGX graph at {path}: expected {name}_nodes.tsv and {name}_edges.tsv, "
        "or both with .jsonl"
    )


def _needed(row: dict[str, Any], column: str, path: Path) -> str:
    value = row.get(column)
    if not value or not isinstance(value, str):
        raise InputError(f"{path}: a row has no {column}: KGX needs it ({str(row)[:120]})")
    return value


def _list(value: Any) -> list[str]:
    if not value:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _tsv(path: Path) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(1 << 30)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield {
                key: value.split("|") if key in _LISTS and value else value
                for key, value in row.items()
                if key is not None
            }


def _jsonl(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise InputError(f"{path}, line {number}: no JSON ({error})") from error
            if not isinstance(row, dict):
                raise InputError(f"{path}, line {number}: expected an object")
            yield row
