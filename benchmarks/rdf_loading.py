"""RDF: the embedded store against its own bulk loader, the files against rdflib's serializers.

    python benchmarks/rdf_loading.py [--statements 10000 100000] [--rounds 2] [--rdflib 10000]
        [--only load]

kgbuild's store is measured twice: from the graph's tables, as ``kgbuild load`` does it, which
includes making the triples; and from a ready N-Triples file, as the bare bulk loader has it. Each
job runs in a process of its own, in turn, ``--rounds`` times; the best counts. The schema and
rdflib's dataset are read into memory before the clock starts; rdflib is left out above ``--rdflib``
statements.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from apart import Job, clock, make_graph, measure, options_or_job, print_head, print_table

from kgbuild.loaders.oxigraph import build_store, load_oxigraph
from kgbuild.loaders.rdf_terms import GRAPH_IRI, prefixes_of
from kgbuild.loaders.serialize import export_rdf
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables

READY = "ready.nt"  # the triples, beside the graph's tables
FORMATS = {"ntriples": "nt", "nquads": "nquads", "turtle": "turtle", "trig": "trig"}  # as rdflib's


def bare(tables: GraphTables, folder: Path) -> None:
    import pyoxigraph

    with clock("Oxigraph, bare bulk_load of a ready file", count(tables)):
        store = pyoxigraph.Store(str(folder / "bare"))
        store.bulk_load(path=tables.folder / READY, format=pyoxigraph.RdfFormat.N_TRIPLES)
        store.flush()


def ready(tables: GraphTables, folder: Path) -> None:
    with clock("Oxigraph, kgbuild from a ready file", count(tables)):
        build_store(folder / "ours", whole_lines(tables.folder / READY))


def load(tables: GraphTables, folder: Path) -> None:
    schema = Schema.load()
    with clock("Oxigraph, kgbuild load from the tables") as done:
        report = load_oxigraph(tables, folder / "ours", schema=schema)
        done.count = report.rows["triples"]


def write(tables: GraphTables, folder: Path) -> None:
    schema = Schema.load()
    for format_ in FORMATS:
        with clock(f"{format_}, kgbuild from the tables") as done:
            report = export_rdf(tables, folder / "ours", schema=schema, format=format_)
            done.count = report.rows["triples"]


def rdflib_writes(tables: GraphTables, folder: Path) -> None:
    import rdflib

    dataset = rdflib.Dataset()
    graph = dataset.graph(rdflib.URIRef(GRAPH_IRI))
    graph.parse(tables.folder / READY, format="nt")
    for prefix, iri in prefixes_of(Schema.load()).items():
        dataset.bind(prefix, iri)
    for format_, name in FORMATS.items():
        source = dataset if format_ in ("nquads", "trig") else graph
        with clock(f"{format_}, rdflib from memory") as done:
            source.serialize(folder / "rdflib", format=name)
            done.count = len(graph)


def whole_lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece + file.readline()


def count(tables: GraphTables) -> int:
    with (tables.folder / READY).open("rb") as file:
        return sum(1 for _ in file)


JOBS: dict[str, Job] = {
    "load": load, "bare": bare, "ready": ready, "write": write, "rdflib": rdflib_writes,
}  # fmt: skip
AGAINST = dict.fromkeys(
    ("Oxigraph, kgbuild load from the tables", "Oxigraph, kgbuild from a ready file"),
    "Oxigraph, bare bulk_load of a ready file",
) | {f"{name}, kgbuild from the tables": f"{name}, rdflib from memory" for name in FORMATS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rdflib", type=int, default=10_000)
    options = options_or_job(parser, JOBS)
    if options is None:
        return
    print_head("triples")
    for statements in options.statements:
        with tempfile.TemporaryDirectory() as place:
            tables = make_graph(Path(place) / "graph", statements)
            jobs = [job for job in options.only if job != "rdflib" or statements <= options.rdflib]
            if not {"bare", "ready", "rdflib"}.isdisjoint(jobs):
                export_rdf(tables, tables.folder / READY, schema=Schema.load(), format="ntriples")
            found = measure(__file__, jobs, tables.folder, rounds=options.rounds)
            print_table(statements, found, AGAINST)


if __name__ == "__main__":
    main()
