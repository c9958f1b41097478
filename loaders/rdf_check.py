"""RDF files in a store for the time of a check, with statements reified whatever their form was.

The file is read as a stream into a store on disk, so it may be of any size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import ConfigError, InputError
from kgbuild.loaders.rdf_reader import DENIAL, parsed
from kgbuild.loaders.rdf_shape import KINDS, name
from kgbuild.loaders.rdf_terms import GRAPH_IRI
from kgbuild.loaders.sparql import SparqlStore
from kgbuild.ontologies.schema import Schema

if TYPE_CHECKING:
    import pyoxigraph

__all__ = ["checkable"]

_TOGETHER = 250_000  # quads a bulk load; it sorts them in memory


def checkable(
    path: Path, folder: Path, *, schema: Schema | str | Path | None = None
) -> tuple[SparqlStore, Schema]:
    """Return a store in ``folder`` with what the RDF file holds in one graph, and its schema.

    Args:
        path: the file; its format is told by the name's ending.
        folder: of the store; must not exist.
        schema: the schema, its name or file; without it the one that the dataset names.

    Raises:
        InputError: the file can't be read, or kgbuild did not write it.
        ConfigError: it names a schema that does not come with kgbuild.
    """
    import pyoxigraph

    store = pyoxigraph.Store(str(folder))
    with parsed(path) as quads:
        reified = _reified(quads)
        while some := _at_most(_TOGETHER, reified):
            store.bulk_extend(some)
    store.flush()
    named = _schema_name(store)
    del store  # else it can't be opened again
    if named is None:
        raise InputError(
            f"{path} is no dataset of kgbuild's (<{GRAPH_IRI}> has no {name('kgb:schema')}): "
            "give a file that `kgbuild export` wrote"
        )
    try:
        found = schema if isinstance(schema, Schema) else Schema.load(schema or named)
    except ConfigError as error:
        if schema:
            raise
        raise ConfigError(
            f"{path} has the schema {named!r}, which does not come with kgbuild: "
            "give its file with --schema"
        ) from error
    return SparqlStore(folder, schema=found), found


def _at_most(count: int, quads: Iterator[pyoxigraph.Quad]) -> list[pyoxigraph.Quad]:
    from itertools import islice

    return list(islice(quads, count))


def _schema_name(store: pyoxigraph.Store) -> str | None:
    import pyoxigraph

    about = store.quads_for_pattern(
        pyoxigraph.NamedNode(GRAPH_IRI), pyoxigraph.NamedNode(name("kgb:schema")), None
    )
    literals = (q.object for q in about if isinstance(q.object, pyoxigraph.Literal))
    return next((literal.value for literal in literals), None)


def _reified(quads: Iterable[Any]) -> Iterator[pyoxigraph.Quad]:
    """Yield the quads in the default graph, a statement's triple as reification has it."""
    import pyoxigraph as ox

    parts = [ox.NamedNode(name(f"rdf:{end}")) for end in ("subject", "predicate", "object")]
    denial = {iri: ox.NamedNode(meant) for iri, meant in DENIAL.items()}
    for quad in quads:
        subject, predicate, value, graph = quad
        own = isinstance(graph, ox.NamedNode) and graph.value.startswith(KINDS["statement"])
        if own and predicate.value in denial:
            yield ox.Quad(graph, denial[predicate.value], value)
        elif own and subject != graph:
            for part, term in zip(parts, quad.triple, strict=True):
                yield ox.Quad(graph, part, term)
        elif isinstance(value, ox.Triple):
            for part, term in zip(parts, value, strict=True):
                yield ox.Quad(subject, part, term)
        else:
            yield ox.Quad(subject, predicate, value)
