"""Reading graphs of Hetionet's form: hetnet JSON, or a table of nodes and a SIF of edges."""

from __future__ import annotations

import bz2
import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kgbuild.errors import InputError

if TYPE_CHECKING:
    from kgbuild.loaders.graph_writer import GraphWriter

__all__ = ["read_hetionet"]

_SOURCE = "infores:hetionet"
# Hetionet writes Entrez genes and DrugBank compounds without a prefix
_PREFIXES = {
    "Gene": "NCBIGene:", "Compound": "DRUGBANK:", "Symptom": "MESH:", "Side Effect": "UMLS:",
    "Pharmacologic Class": "NDFRT:", "Pathway": "HETIONET:",
}  # fmt: skip
_KINDS = {
    "Compound": "ChemicalEntity", "Side Effect": "PhenotypicFeature",
    "Symptom": "PhenotypicFeature", "Anatomy": "AnatomicalEntity",
    "Molecular Function": "MolecularActivity", "Cellular Component": "CellularComponent",
    "Biological Process": "BiologicalProcess", "Pharmacologic Class": "ChemicalRole",
}  # fmt: skip
# Hetionet's 24 kinds of edges; whether subject and object change places
_EDGES = {
    "treats": ("treats", False), "palliates": ("treats", False), "binds": ("binds", False),
    "upregulates": ("increases", False), "downregulates": ("decreases", False),
    "causes": ("causes", False), "resembles": ("related_to", False),
    "associates": ("associated_with", False), "localizes": ("located_in", False),
    "presents": ("has_phenotype", False), "expresses": ("expressed_in", True),
    "participates": ("participates_in", False), "regulates": ("regulates", False),
    "interacts": ("interacts_with", False), "covaries": ("correlated_with", False),
    "includes": ("has_part", False),
}  # fmt: skip
_ABBREVIATIONS = {
    "t": "treats", "p": "palliates", "b": "binds", "u": "upregulates", "d": "downregulates",
    "c": "causes", "r": "resembles", "a": "associates", "l": "localizes", "e": "expresses",
    "i": "interacts",
}  # fmt: skip
# abbreviations of metaedges whose letter alone says something else
_WHOLE = {"DpS": "presents", "GpBP": "participates", "GpCC": "participates",
          "GpMF": "participates", "GpPW": "participates", "Gr>G": "regulates",
          "GcG": "covaries", "PCiC": "includes"}  # fmt: skip


def read_hetionet(path: Path, writer: GraphWriter) -> None:
    """Add a graph of Hetionet's form to ``writer``.

    ``path`` is a hetnet JSON (``.json``, with ``.bz2`` or ``.gz``), or a folder, or one of its
    files, with a table ``*nodes.tsv`` (id, name, kind) and a SIF ``*edges.sif`` (source, metaedge,
    target; ``.gz`` may follow). Genes without a prefix are NCBI's, compounds DrugBank's, symptoms
    MeSH's, side effects UMLS's.

    Raises:
        InputError: there is no such graph.
    """
    try:
        if ".json" in path.suffixes:
            _json(path, writer)
        else:
            _tables(path if path.is_dir() else path.parent, writer)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no graph of Hetionet's form: {error!r}") from error


def _json(path: Path, writer: GraphWriter) -> None:
    with _opened(path) as file:
        found: dict[str, Any] = json.load(file)
    for node in found["nodes"]:
        _node(writer, node["kind"], str(node["identifier"]), node.get("name"))
    for edge in found["edges"]:
        (kind, subject), (other_kind, object_) = edge["source_id"], edge["target_id"]
        data = edge.get("data") or {}
        ends = _curie(kind, str(subject)), _curie(other_kind, str(object_))
        documents = [f"PMID:{number}" for number in data.get("pubmed_ids") or ()]
        _edge(writer, edge["kind"], *ends, documents)


def _tables(folder: Path, writer: GraphWriter) -> None:
    nodes, edges = _only(folder, "*nodes.tsv*"), _only(folder, "*edges.sif*")
    with _opened(nodes) as file:
        for row in csv.DictReader(file, delimiter="\t"):
            _node(writer, row["kind"], row["id"].rpartition("::")[2], row["name"])
    with _opened(edges) as file:
        for row in csv.DictReader(file, delimiter="\t"):
            kind, _, subject = row["source"].partition("::")
            other_kind, _, object_ = row["target"].partition("::")
            short = row["metaedge"]
            verb = _WHOLE.get(short) or _ABBREVIATIONS[_verb(short)]
            _edge(writer, verb, _curie(kind, subject), _curie(other_kind, object_), [])


def _node(writer: GraphWriter, kind: str, identifier: str, name: str | None) -> None:
    label = _KINDS.get(kind, kind.replace(" ", ""))
    writer.entity(_curie(kind, identifier), labels=[label], name=name, vocabulary="hetionet")


def _edge(writer: GraphWriter, verb: str, subject: str, object_: str, documents: list[str]) -> None:
    predicate, turned = _EDGES.get(verb, (verb, False))
    if turned:
        subject, object_ = object_, subject
    qualifiers = {"original_predicate": verb} if verb in {"palliates", "resembles"} else {}
    statement = writer.statement(subject, predicate, object_, qualifiers=qualifiers)
    for document in documents or [_SOURCE]:
        writer.source(statement, document, extractor=_SOURCE)


def _curie(kind: str, identifier: str) -> str:
    return identifier if ":" in identifier else _PREFIXES.get(kind, "HETIONET:") + identifier


def _verb(metaedge: str) -> str:
    """Return the small letter of an abbreviated metaedge such as ``CtD`` or ``AeG``."""
    return next(letter for letter in metaedge if letter.islower())


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise InputError(f"{folder} has no {pattern}: it is no graph of Hetionet's form")
    return found[0]


def _opened(path: Path) -> IO[str]:
    ways: dict[str, Callable[..., Any]] = {".bz2": bz2.open, ".gz": gzip.open}
    file: IO[str] = ways.get(path.suffix, open)(path, "rt", encoding="utf-8")
    return file
