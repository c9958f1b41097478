"""How fast the pipeline is, stage by stage, how much memory it takes, and what of it is ours.

    python benchmarks/pipeline.py [--quick] [--scales 1 4 16] [--vocabularies starter big]

The base input is all PubMed XML and JATS of ../shared/docs with BC5CDR's and BioRED's PubTator
files as plain documents; at 4x and 16x it is copied with other ids and slightly varied text.
Each build runs in a fresh process; its memory is the peak, every 50 ms, of the resident memory of
it and its children. The bare costs are those of the same libraries called with nothing around
them on the same text: lxml's parser, daachorse with the same keys, the sentence splitter's one
regular expression, COPY into Ladybug, Oxigraph's bulk load. The machine is shared: compare ratios
within a run (processor seconds are steadier than wall seconds), not seconds between runs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from lxml import etree

from kgbuild.api import build_into
from kgbuild.components import make_components, prepare
from kgbuild.config import Config
from kgbuild.layout import graph_folder
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.ontologies.catalog import fetch_vocabulary
from kgbuild.readers import read_documents
from kgbuild.records import AnnotatedDocument
from kgbuild.tables import GraphTables
from kgbuild.text import split_sentences
from kgbuild.workspace import Workspace

SHARED = Path(__file__).resolve().parents[2] / "shared"
XML = [SHARED / "docs" / "pubmed_xml", SHARED / "docs" / "jats_pmc"]
PUBTATOR = [
    *sorted((SHARED / "corpora" / "bc5cdr").glob("*.PubTator.txt")),
    *sorted((SHARED / "corpora" / "biored").glob("*.PubTator")),
]
VOCABULARIES = {"starter": ["starter"], "big": ["mesh", "hpo", "hgnc", "mondo"]}
STAGES = ("read", "segment", "recognize", "ground", "relate", "contribute")


def settings(vocabulary: str) -> Config:
    """Return the default configuration with these vocabularies, one process and no vectors."""
    return Config.model_validate(
        {
            "vocabularies": VOCABULARIES[vocabulary],
            "grounding": {"dense": "off"},
            "run": {"workers": 1},
        }
    )


def base_documents(limit: int | None) -> list[AnnotatedDocument]:
    """Return the base input, each id once."""
    found: dict[str, AnnotatedDocument] = {}
    for item in read_documents([*XML, *PUBTATOR]):
        if isinstance(item, AnnotatedDocument):
            found.setdefault(item.document.id, item)
    return list(found.values())[:limit]


def write_input(documents: list[AnnotatedDocument], path: Path, times: int) -> int:
    """Write ``times`` copies as JSONL; return the bytes of text."""
    size = 0
    with path.open("w", encoding="utf-8") as out:
        for copy in range(times):
            for item in documents:
                document = item.document
                text = document.text + (
                    f" This was report {copy} of cohort {copy}." if copy else ""
                )
                size += len(text.encode())
                record = {"id": f"{document.id}.{copy}", "text": text, "date": document.date}
                out.write(json.dumps(record) + "\n")
    return size


def tree_memory(process: psutil.Process) -> int:
    """Return the resident bytes of a process and all its children."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def in_fresh_process(*arguments: str) -> dict[str, Any]:
    """Run this file as another process; return what it prints, and its peak memory in MiB."""
    command = [sys.executable, __file__, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        process, peak = psutil.Process(running.pid), 0
        while running.poll() is None:
            try:
                peak = max(peak, tree_memory(process))
            except psutil.NoSuchProcess:
                break
            time.sleep(0.05)
        output = running.stdout.read() if running.stdout else ""
    if running.returncode:
        raise SystemExit(f"{command} failed")
    return {**json.loads(output.splitlines()[-1]), "peak": peak / (1 << 20)}


def clock() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def since(start: tuple[float, float]) -> dict[str, float]:
    now = clock()
    return {"wall": now[0] - start[0], "cpu": now[1] - start[1]}


def job_lexicon(vocabulary: str, cache: Path) -> dict[str, Any]:
    """Build the lexicon in an empty cache, then open it and scan one sentence."""
    if not (cache / "vocabularies").exists():
        (cache / "vocabularies").symlink_to(user_cache() / "vocabularies")
    os.environ["KGBUILD_CACHE"] = str(cache)
    config = settings(vocabulary)
    start = clock()
    prepared = prepare(config)
    built = since(start)
    start = clock()
    prepare(config)
    found = since(start)
    start = clock()
    lexicon = Lexicon.open(prepared.lexicon_folder)
    lexicon.scan("Metformin treats type 2 diabetes.")
    opened = since(start)
    names = prepared.lexicon.names
    return {"built": built, "found": found, "opened": opened, "names": names}


def user_cache() -> Path:
    from kgbuild.cache import cache_folder

    return cache_folder()


def job_build(vocabulary: str, text: Path, folder: Path) -> dict[str, Any]:
    """Build, timing stages, assembly and each store."""
    from kgbuild.loaders.ladybug import load_ladybug
    from kgbuild.loaders.oxigraph import load_oxigraph

    config = settings(vocabulary).model_copy(update={"stores": []})
    start = clock()
    report = build_into(folder, [text], config=config)
    total = since(start)
    with Workspace(folder) as workspace:
        stages = {n: s["seconds"] for n, s in workspace.ledger.stage_totals().items()}
    schema = make_components(prepare(config)).schema
    tables = GraphTables(graph_folder(folder))
    for name, load in (("ladybug", load_ladybug), ("oxigraph", load_oxigraph)):
        start = clock()
        load(tables, folder / name, schema=schema)
        taken = since(start)
        stages[f"load {name}"] = taken["wall"]
        total = {key: total[key] + taken[key] for key in total}
    stages["assemble"] = report.seconds["assemble"]
    return {"documents": report.documents, "stages": stages, "total": total,
            "counts": report.counts}  # fmt: skip


def timed(call: Callable[[], object], repeat: int = 3) -> float:
    """Return the least processor seconds of a call."""
    best = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def consume(items: Iterator[object]) -> None:
    for _ in items:
        pass


def bare_xml() -> None:
    for folder in XML:
        for path in sorted(folder.iterdir()):
            tag = ("PubmedArticle", "article")
            for _, element in etree.iterparse(path, events=("end",), tag=tag, huge_tree=True):
                "".join(element.itertext())
                element.clear()


def job_bare(vocabulary: str, text: Path, folder: Path) -> dict[str, Any]:
    """Measure, in processor seconds, our parts and the bare libraries on the same input."""
    prepared = prepare(settings(vocabulary))
    components = make_components(prepared)
    lexicon = Lexicon.open(prepared.lexicon_folder)
    batch = [item for item in read_documents([text]) if isinstance(item, AnnotatedDocument)]
    texts = [item.document.text for item in batch]
    automaton = lexicon._automaton
    folded = [t.lower().encode() for t in texts]
    end = re.compile(r"[.?!]+[\"')\]]*\s+(?=[A-Z0-9])")
    from kgbuild.stages import run_stage, stages

    segment, recognize = stages(components)[:2]
    segmented = run_stage(segment, batch)[0]
    run_stage(recognize, segmented)
    rows = [
        ("read PubMed XML and JATS", "lxml iterparse and itertext",
         timed(lambda: consume(read_documents(XML))), timed(bare_xml)),
        ("split sentences", "one regular expression",
         timed(lambda: [split_sentences(t) for t in texts]),
         timed(lambda: [end.split(t) for t in texts])),
        ("Lexicon.scan (fold and match)", "daachorse, same keys",
         timed(lambda: [lexicon.scan(t) for t in texts]),
         timed(lambda: [automaton.find_overlapping(t) for t in folded])),
        ("stage recognize", "daachorse, same keys",
         timed(lambda: run_stage(recognize, segmented)),
         timed(lambda: [automaton.find_overlapping(t) for t in folded])),
    ]  # fmt: skip
    return {"rows": rows + store_rows(folder, components.schema)}


def store_rows(folder: Path, schema: Any) -> list[tuple[str, str, float, float]]:
    """Measure both stores against their bare bulk paths, in processor seconds."""
    import ladybug
    import pyoxigraph

    from kgbuild.loaders.exporters import EXPORTERS
    from kgbuild.loaders.ladybug import load_ladybug
    from kgbuild.loaders.oxigraph import load_oxigraph

    tables = GraphTables(graph_folder(folder))
    places = iter(range(10_000))

    def place(name: str) -> Path:
        return folder / f"{name}-{next(places)}"

    def bare_ladybug() -> None:
        connection = ladybug.Connection(ladybug.Database(str(place("bare"))))
        connection.execute(
            "CREATE NODE TABLE E(id STRING PRIMARY KEY, name STRING, category STRING)"
        )
        connection.execute(
            "CREATE NODE TABLE V(id STRING PRIMARY KEY, statement STRING, sentence STRING)"
        )
        connection.execute("CREATE REL TABLE S(FROM E TO E, id STRING, belief DOUBLE)")
        connection.execute("CREATE REL TABLE O(FROM V TO E)")
        parts = {
            "E": f"SELECT id, name, category FROM '{tables.path('entities')}'",
            "V": f"SELECT id, statement, sentence FROM '{tables.path('evidence')}'",
            "S": f'SELECT subject AS "from", object AS "to", id, belief'
            f" FROM '{tables.path('statements')}'",
            "O": f'SELECT v.id AS "from", s.subject AS "to" FROM \'{tables.path("evidence")}\' v'
            f" JOIN '{tables.path('statements')}' s ON s.id = v.statement",
        }
        import duckdb

        for name, query in parts.items():
            file = place(name).with_suffix(".parquet")
            duckdb.sql(query).write_parquet(str(file))
            connection.execute(f"COPY {name} FROM '{file}'")
        connection.execute("CHECKPOINT")

    triples = folder / "bare.nt"
    EXPORTERS["ntriples"](tables, triples, schema=schema)

    def bare_oxigraph() -> None:
        store = pyoxigraph.Store(str(place("oxi")))
        store.bulk_load(path=str(triples), format=pyoxigraph.RdfFormat.N_TRIPLES)
        store.flush()

    return [
        ("load Ladybug (all tables)", "COPY, 2 node and 2 relationship tables",
         timed(lambda: load_ladybug(tables, place("lb"), schema=schema), 1),
         timed(bare_ladybug, 1)),
        ("load Oxigraph", "bulk_load of a file of the same triples",
         timed(lambda: load_oxigraph(tables, place("ox"), schema=schema), 1),
         timed(bare_oxigraph, 1)),
    ]  # fmt: skip


def print_lexicons(vocabularies: list[str]) -> None:
    print("\n| lexicon | names | build s (cpu) | found again s | open and first scan s |")
    print("|---|--:|--:|--:|--:|")
    for vocabulary in vocabularies:
        with tempfile.TemporaryDirectory() as cache:
            found = in_fresh_process("--job", "lexicon", vocabulary, cache)
        print(
            f"| {vocabulary} | {found['names']:,} | {found['built']['wall']:.1f}"
            f" ({found['built']['cpu']:.1f}) | {found['found']['wall']:.2f}"
            f" | {found['opened']['wall']:.2f} |",
            flush=True,
        )


def print_stages(vocabulary: str, times: int, size: int, found: dict[str, Any]) -> None:
    documents, megabytes = found["documents"], size / 1e6
    print(f"\n{vocabulary}, {times}x: {documents:,} documents, {megabytes:.1f} MB of text, "
          f"{found['counts']['evidence']:,} evidence, peak {found['peak']:,.0f} MiB")  # fmt: skip
    print("\n| stage | s | documents/s | MB/s |\n|---|--:|--:|--:|")
    rows = {n: found["stages"][n] for n in (*STAGES, "assemble", "load ladybug", "load oxigraph")}
    for name, taken in (rows | {"whole": found["total"]["wall"]}).items():
        seconds = max(taken, 1e-3)
        print(
            f"| {name} | {seconds:.1f} | {documents / seconds:,.0f} | {megabytes / seconds:.2f} |"
        )
    print(f"(whole: {found['total']['cpu']:.1f} s of processor)", flush=True)


def measure(vocabulary: str, scales: list[int], limit: int | None) -> None:
    documents = base_documents(limit)
    peaks = []
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for times in scales:
            text = place / f"input{times}.jsonl"
            size = write_input(documents, text, times)
            out = place / f"out{times}"
            found = in_fresh_process("--job", "build", vocabulary, str(text), str(out))
            print_stages(vocabulary, times, size, found)
            peaks.append((times, found["peak"], found["documents"] / found["total"]["wall"]))
        print("\n| input | peak MiB | of 1x | documents/s |\n|---|--:|--:|--:|")
        for times, peak, rate in peaks:
            print(f"| {times}x | {peak:,.0f} | x{peak / peaks[0][1]:.2f} | {rate:,.0f} |")
        text, out = place / f"input{scales[0]}.jsonl", place / f"out{scales[0]}"
        rows = in_fresh_process("--job", "bare", vocabulary, str(text), str(out))["rows"]
        print("\n| ours | cpu s | bare | cpu s | ratio |\n|---|--:|---|--:|--:|")
        for ours, bare, own, other in rows:
            print(f"| {ours} | {own:.2f} | {bare} | {other:.2f} | x{own / max(other, 1e-9):.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200 documents, starter, 1x and 4x")
    parser.add_argument("--scales", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--vocabularies", nargs="+", choices=VOCABULARIES, default=["big"])
    parser.add_argument("--job", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        name, vocabulary, *paths = options.job
        jobs: dict[str, Callable[..., dict[str, Any]]] = {
            "lexicon": job_lexicon, "build": job_build, "bare": job_bare,
        }  # fmt: skip
        print(json.dumps(jobs[name](vocabulary, *map(Path, paths))))
        return
    vocabularies = ["starter"] if options.quick else options.vocabularies
    for name in {n for v in vocabularies for n in VOCABULARIES[v]} - {"starter"}:
        fetch_vocabulary(name)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print_lexicons(vocabularies)
    for vocabulary in vocabularies:
        measure(vocabulary, [1, 4] if options.quick else options.scales,
                200 if options.quick else None)  # fmt: skip


if __name__ == "__main__":
    main()
