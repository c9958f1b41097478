"""The graph in any store of rdflib's: in memory, on disk, or another library's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kgbuild.errors import MissingExtraError
from kgbuild.loaders.rdf import ntriples
from kgbuild.loaders.rdf_terms import GRAPH_IRI, prefixes_of

if TYPE_CHECKING:
    from kgbuild.loaders.rdf_shape import StatementForm
    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = ["fill_rdflib"]


def fill_rdflib(
    tables: GraphTables,
    target: Any,
    *,
    schema: Schema,
    form: StatementForm = "reification",
) -> int:
    """Add the graph to an ``rdflib.Graph`` or ``rdflib.Dataset``, over whatever store it has.

    It is added some lines at a time, so memory is the store's own. Doing it twice changes nothing;
    what a former graph had and this one lacks stays. Prefixes are bound.

    Args:
        tables: the assembled graph.
        target: its triples go there; into the named graph ``urn:kgbuild:graph`` of a dataset.
        schema: expands identifiers and names classes and properties.
        form: see docs/rdf.md. rdflib knows no triple terms, and named graphs need a dataset.

    Returns:
        How many triples ``target`` has more than before.

    Raises:
        MissingExtraError: rdflib is not installed.
        ValueError: a form that ``target`` can't hold.
        StoreError: a category or predicate is not in the schema.
    """
    try:
        import rdflib
    except ImportError as error:
        raise MissingExtraError("exchange", needed_for="stores of rdflib's") from error
    is_dataset = isinstance(target, rdflib.Dataset)
    if form == "triple-terms" or (form == "named-graphs" and not is_dataset):
        holder = "a dataset" if is_dataset else "a graph"
        raise ValueError(f"{holder} of rdflib's can't hold the form {form}: take reification")
    for prefix, iri in prefixes_of(schema).items():
        target.bind(prefix, iri)
    before = len(target)
    for piece in ntriples(tables, schema, form=form, graph=GRAPH_IRI if is_dataset else ""):
        target.parse(data=bytes(piece), format="nquads" if is_dataset else "nt")
    return len(target) - before
