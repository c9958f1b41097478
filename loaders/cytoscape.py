"""Cytoscape's JSON (.cyjs) and CX2, as Cytoscape and NDEx read them; streamed out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kgbuild.errors import InputError
from kgbuild.loaders.report import LoadReport, graph_fingerprint, replacing
from kgbuild.loaders.rows import EDGE, NODE, Row, edges, nodes

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["export_cx2", "export_cyjs", "read_cx2", "read_cyjs"]

_CX2_TYPES = {
    "string": "string", "list": "list_of_string", "integer": "long", "double": "double",
}  # fmt: skip


def export_cyjs(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    """Write Cytoscape JSON, which Cytoscape and cytoscape.js read."""

    def write(file: IO[str]) -> None:
        file.write('{"format_version":"1.0","generated_by":"kgbuild","data":{"name":"kgbuild"},')
        file.write('"elements":{"nodes":[\n')
        _listed(file, ({"data": row} for row in _known(nodes(tables))))
        file.write('],"edges":[\n')
        _listed(file, ({"data": _cytoscape_edge(row)} for row in _known(edges(tables))))
        file.write("]}}\n")

    return _export(tables, path, schema, write)


def export_cx2(tables: GraphTables, path: Path, *, schema: Schema) -> LoadReport:
    """Write CX2; nodes and edges are numbered there, their ids are attributes."""

    def write(file: IO[str]) -> None:
        counts = {"nodes": tables.count("entities"), "edges": tables.count("statements")}
        numbers: dict[str, int] = {}
        head = [
            {"CXVersion": "2.0", "hasFragments": False},
            {"metaData": [{"name": "attributeDeclarations", "elementCount": 1},
                          *({"name": k, "elementCount": n} for k, n in counts.items())]},
            {"attributeDeclarations": [_declarations()]},
        ]  # fmt: skip
        file.write("[" + "".join(json.dumps(aspect) + ",\n" for aspect in head))
        file.write('{"nodes":[\n')
        _listed(file, (_cx2_node(row, numbers) for row in _known(nodes(tables))))
        file.write(']},\n{"edges":[\n')
        rows = enumerate(_known(edges(tables)))
        _listed(file, (_cx2_edge(number, row, numbers) for number, row in rows))
        file.write(']},\n{"status":[{"success":true}]}]\n')

    return _export(tables, path, schema, write)


def read_cyjs(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield ``("node", row)`` and ``("edge", row)`` of Cytoscape JSON; the file is held in memory.

    Raises:
        InputError: it is no such file.
    """
    found = _json(path)
    try:
        for item in found["elements"]["nodes"]:
            yield "node", _whole(item["data"], NODE)
        for item in found["elements"]["edges"]:
            data = item["data"]
            row = {**data, "subject": data["source"], "object": data["target"]}
            yield "edge", _whole({**row, "predicate": data.get("interaction")}, EDGE)
    except (KeyError, TypeError) as error:
        raise InputError(f"{path} is not Cytoscape's JSON: {error!r} is absent") from error


def read_cx2(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield ``("node", row)`` and ``("edge", row)`` of CX2; the file is held in memory.

    Raises:
        InputError: it is no such file.
    """
    try:
        aspects = {key: value for part in _json(path) for key, value in part.items()}
        names = {}
        for item in aspects.get("nodes", []):
            row = {"id": item["v"].get("represents", item["v"].get("n")), **item["v"]}
            names[item["id"]] = row["id"]
            yield "node", _whole({**row, "name": row.get("n")}, NODE)
        for item in aspects.get("edges", []):
            ends = {"subject": names[item["s"]], "object": names[item["t"]]}
            row = {**item["v"], **ends, "id": item["v"].get("statement")}
            yield "edge", _whole({**row, "predicate": item["v"].get("i")}, EDGE)
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not CX2: {error!r}") from error


def _export(tables: GraphTables, path: Path, schema: Schema, write: Any) -> LoadReport:
    started = time.perf_counter()
    with replacing(path) as beside, beside.open("w", encoding="utf-8", newline="\n") as file:
        write(file)
    rows = {"nodes": tables.count("entities"), "edges": tables.count("statements")}
    fingerprint = graph_fingerprint(tables, schema.fingerprint)
    return LoadReport(path, fingerprint, time.perf_counter() - started, rows=rows)


def _listed(file: IO[str], items: Iterator[Any]) -> None:
    first = next(items, None)
    if first is None:
        return
    file.write(json.dumps(first, ensure_ascii=False))
    for item in items:
        file.write(",\n" + json.dumps(item, ensure_ascii=False))


def _known(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        yield {key: value for key, value in row.items() if value not in (None, [])}


def _cytoscape_edge(row: Row) -> Row:
    rest = {key: v for key, v in row.items() if key not in {"subject", "object", "predicate"}}
    ends = {"source": row["subject"], "target": row["object"], "interaction": row["predicate"]}
    return {**rest, **ends}


def _declarations() -> dict[str, Any]:
    kept = {k: {"d": _CX2_TYPES[t]} for k, t in NODE.items() if k != "name"}
    node = {"name": {"d": "string", "a": "n"}, "represents": {"d": "string"}, **kept}
    rest = {k: {"d": _CX2_TYPES[t]} for k, t in EDGE.items() if k != "predicate"}
    edge = {"interaction": {"d": "string", "a": "i"}, "statement": {"d": "string"}, **rest}
    return {"nodes": node, "edges": edge, "networkAttributes": {}}


def _cx2_node(row: Row, numbers: dict[str, int]) -> Row:
    number = numbers.setdefault(row["id"], len(numbers))
    values = {key: value for key, value in row.items() if key not in {"id", "name"}}
    named = {"n": row["name"]} if "name" in row else {}
    return {"id": number, "v": {**named, "represents": row["id"], **values}}


def _cx2_edge(number: int, row: Row, numbers: dict[str, int]) -> Row:
    apart = {"id", "subject", "object", "predicate"}
    values = {key: value for key, value in row.items() if key not in apart}
    values |= {"i": row["predicate"], "statement": row["id"]}
    return {"id": number, "s": numbers[row["subject"]], "t": numbers[row["object"]], "v": values}


def _whole(data: Row, columns: Any) -> Row:
    """Return a row with every column, and its id and ends."""
    ends = {key: data[key] for key in ("id", "subject", "object") if key in data}
    empty: Row = {name: [] if type_ == "list" else None for name, type_ in columns.items()}
    return {**empty, **{name: data[name] for name in columns if name in data}, **ends}


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} can't be read as JSON: {error}") from error
