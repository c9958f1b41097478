"""Loading into SPARQL servers in other processes, and what a server holds."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
from sparql_servers import Server

from kgbuild.loaders.endpoint import Endpoint, find_endpoint
from kgbuild.loaders.rdf import ntriples
from kgbuild.loaders.rdf_terms import GRAPH_IRI
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables

_NUMBERS = {"double", "integer", "decimal"}


def loading(folder: Path, server: Server) -> subprocess.Popen[str]:
    """Start ``kgbuild load`` in a process of its own."""
    code = "from kgbuild.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "load", str(folder), server.url, "--batch", "5000"],
        env={**os.environ, "KGBUILD_USER": server.user, "KGBUILD_PASSWORD": server.password},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def endpoint_of(server: Server) -> closing[Endpoint]:
    return closing(find_endpoint(server.url, user=server.user, password=server.password))


def held(server: Server, graph: str = GRAPH_IRI) -> set[str]:
    """All triples of a named graph, by the Graph Store Protocol; numbers by their value."""
    with endpoint_of(server) as endpoint:
        path = f"{endpoint.services.store}?graph={quote(graph, safe='')}"
        body, _ = endpoint.http.send("GET", path, headers={"Accept": "application/n-triples"})
    return {_plain(quad) for quad in ox.parse(body, ox.RdfFormat.N_TRIPLES)}


def wanted(tables: GraphTables, schema: Schema) -> set[str]:
    text = b"".join(ntriples(tables, schema))
    return {_plain(quad) for quad in ox.parse(text, ox.RdfFormat.N_TRIPLES)}


def _plain(quad: ox.Quad) -> str:
    value = quad.object
    text = str(value)
    if isinstance(value, ox.Literal) and value.datatype.value.rpartition("#")[2] in _NUMBERS:
        text = f"{float(value.value):.12g}"
    return f"{quad.subject} {quad.predicate} {text}"
