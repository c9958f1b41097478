"""A SPARQL 1.1 server: where its services are, and what it can't do.

Oxigraph, Fuseki, Virtuoso, RDF4J and GraphDB are known by what they say of themselves; another
server must take queries and updates at its address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from kgbuild.errors import StoreError
from kgbuild.loaders.rdf_terms import GRAPH_IRI
from kgbuild.loaders.sparql import SparqlStore
from kgbuild.loaders.sparql_http import Http, HttpError

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["Endpoint", "EndpointStore", "Services", "find_endpoint"]

_UPDATE = {"Content-Type": "application/sparql-update; charset=utf-8"}
# not application/sparql-query: Virtuoso 7 never answers it
_QUERY = {"Content-Type": "application/x-www-form-urlencoded"}
_NTRIPLES = {"Content-Type": "application/n-triples"}


@dataclass(frozen=True, slots=True)
class Services:
    """The paths of a server's services.

    Attributes:
        kind: ``oxigraph``, ``fuseki``, ``virtuoso``, ``rdf4j`` or ``sparql``.
        query: of queries.
        update: of updates.
        store: of the Graph Store Protocol, or empty.
        rows: how many rows a query gives at most, unsaid (Virtuoso); 0 for all.
    """

    kind: str
    query: str
    update: str
    store: str = ""
    rows: int = 0


class Endpoint:
    """A SPARQL server, for loading: adds, removes and counts triples of named graphs."""

    def __init__(self, http: Http, services: Services) -> None:
        self.http = http
        self.services = services

    def close(self) -> None:
        """Close the connection; it opens again when asked."""
        self.http.close()

    def add(self, graph: str, ntriples: bytes) -> None:
        """Add triples to a named graph."""
        if self.services.store:
            path = f"{self.services.store}?graph={quote(graph, safe='')}"
            self.http.send("POST", path, body=ntriples, headers=_NTRIPLES)
        else:
            start = f"INSERT DATA {{ GRAPH <{graph}> {{\n".encode()
            self.http.send(
                "POST", self.services.update, body=start + ntriples + b"}}", headers=_UPDATE
            )

    def remove(self, graph: str, subjects: Iterable[str]) -> None:
        """Remove all triples of these subjects (``<IRI>``) from a named graph."""
        values = " ".join(subjects)
        self.update(
            f"DELETE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }} WHERE {{"
            f" GRAPH <{graph}> {{ VALUES ?s {{ {values} }} ?s ?p ?o }} }}"
        )

    def update(self, text: str) -> None:
        """Run a SPARQL update."""
        self.http.send("POST", self.services.update, body=text.encode(), headers=_UPDATE)

    def count(self, graph: str) -> int:
        """Return how many triples a named graph has."""
        query = f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
        return int(self.csv(query).splitlines()[1].strip('"'))

    def csv(self, query: str) -> str:
        """Return the solutions of a SELECT as CSV, header first."""
        return self.ask_for(query, "text/csv").decode()

    def rows_into(self, query: str, path: Path, *, total: int) -> None:
        """Write the solutions of a SELECT to a CSV file, in pages where the server cuts them."""
        pages = range(0, total, self.services.rows) if self.services.rows else [0]
        with path.open("wb") as file:
            for offset in pages:
                limit = self.services.rows
                page = f"{query} LIMIT {limit} OFFSET {offset}" if limit else query
                self._page(page, file, with_header=offset == 0)

    def ask_for(self, query: str, accept: str, *, graph: str = "") -> bytes:
        """Return the answer to a query in the media type ``accept``.

        Args:
            query: SPARQL.
            accept: what the answer should be in.
            graph: the named graph that the query sees as the default graph.
        """
        body = _form(query, graph)
        headers = {**_QUERY, "Accept": accept}
        return self.http.send("POST", self.services.query, body=body, headers=headers)[0]

    def _page(self, query: str, file: IO[bytes], *, with_header: bool) -> None:
        headers = {**_QUERY, "Accept": "text/csv"}
        sent = self.http.opened("POST", self.services.query, body=_form(query), headers=headers)
        with sent as response:
            header = response.readline()
            if with_header:
                file.write(header)
            while block := response.read(1 << 20):
                file.write(block)


def _form(query: str, graph: str = "") -> bytes:
    fields = {"query": query} | ({"default-graph-uri": graph} if graph else {})
    return urlencode(fields).encode()


def find_endpoint(
    address: str, *, user: str = "", password: str = "", patience: float = 60.0
) -> Endpoint:
    """Return the server at ``address``, asked where its services are.

    Args:
        address: of an Oxigraph server, a Fuseki dataset (``http://host:3030/ds``), Virtuoso
            (``http://host:8890/sparql``), an RDF4J repository, or a service that takes both
            queries and updates.
        user: whom to log in as, or empty.
        password: of the user.
        patience: how many seconds to wait for a server that went away in the middle.

    Raises:
        StoreError: nothing answers there, or not SPARQL.
    """
    http = Http(address, user=user, password=password, patience=0)
    base = urlsplit(address).path.rstrip("/")
    for query in dict.fromkeys((f"{base}/query", base or "/", f"{base}/sparql")):
        try:
            headers = _answers(http, query)
        except StoreError:
            http.close()
            raise
        if headers is not None:
            http.patience = patience
            is_fuseki = "fuseki-request-id" in headers
            server = "fuseki" if is_fuseki else headers.get("server", "").lower()
            return Endpoint(http, _services(server, base, query, with_login=bool(user)))
    http.close()
    raise StoreError(
        f"nothing at {address} answers SPARQL: give the address of an Oxigraph server, of a "
        "Fuseki dataset (http://HOST:3030/NAME) or of Virtuoso (http://HOST:8890/sparql)"
    )


def _answers(http: Http, path: str) -> Mapping[str, str] | None:
    """Return the headers of the answer to ``ASK {}``, or None where there is no SPARQL."""
    accept = {**_QUERY, "Accept": "application/sparql-results+json"}
    try:
        body, headers = http.send("POST", path, body=_form("ASK { }"), headers=accept)
    except HttpError as error:
        if error.status in {401, 403}:
            raise
        return None
    return headers if b'"head"' in body else None


def _services(server: str, base: str, query: str, *, with_login: bool) -> Services:
    if "oxigraph" in server:
        root = base.removesuffix("/query")
        return Services("oxigraph", query, f"{root}/update", f"{root}/store")
    if "fuseki" in server:
        root = base.removesuffix("/query").removesuffix("/sparql")
        return Services("fuseki", query, f"{root}/update", f"{root}/data")
    if "virtuoso" in server:
        end = "-auth" if with_login else ""
        root = base.removesuffix("/sparql")
        return Services(
            "virtuoso",
            f"{root}/sparql",
            f"{root}/sparql{end}",
            f"{root}/sparql-graph-crud{end}",
            10_000,
        )
    if "/repositories/" in base:
        return Services("rdf4j", query, f"{base}/statements", f"{base}/rdf-graphs/service")
    return Services("sparql", query, query)


class EndpointStore(SparqlStore):
    """A graph in a SPARQL server, asked as the embedded store is."""

    def __init__(self, endpoint: Endpoint, *, schema: Schema, graph: str = GRAPH_IRI) -> None:
        self._remember(schema)
        self._endpoint = endpoint
        self._graph = graph

    def _ask(self, query: str) -> Any:
        import pyoxigraph as ox

        used = set(re.findall(r"([A-Za-z][\w.-]*):", query))
        known = [(p, iri) for p, iri in self._prefixes.items() if p in used]
        head = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in known)
        accept = "application/sparql-results+json, application/n-triples"
        body = self._endpoint.ask_for(head + query, accept, graph=self._graph)
        if body.lstrip()[:1] == b"{":
            return ox.parse_query_results(body, ox.QueryResultsFormat.JSON)
        return ox.parse(body, ox.RdfFormat.N_TRIPLES)
