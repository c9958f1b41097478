"""The main job: all PubMed XML and JATS of ../shared/docs with MeSH, HPO, HGNC and MONDO.

    python benchmarks/main_job.py [--seed 1] [--sample 10] [--entities 60] [--out FOLDER]

Prints counts, the time of each phase, the most frequent entities, and a seeded random sample of
statements that are not mere co-occurrence, each with one of its sentences, for a reader to judge.
docs/main_job.md holds the verdicts. The vocabularies are fetched into the cache if need be.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

import duckdb

from kgbuild.api import build_into
from kgbuild.config import Config
from kgbuild.layout import graph_folder
from kgbuild.ontologies.catalog import fetch_vocabulary
from kgbuild.workspace import Workspace

SHARED = Path(__file__).resolve().parents[2] / "shared"
INPUTS = [SHARED / "docs" / "pubmed_xml", SHARED / "docs" / "jats_pmc"]
VOCABULARIES = ["mesh", "hpo", "hgnc", "mondo"]


def config(vocabularies: list[str]) -> Config:
    """Return the default configuration with these vocabularies, and no vectors."""
    return Config.model_validate({"vocabularies": vocabularies, "grounding": {"dense": "off"}})


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """Return a connection with a view of each graph table, and of the stage tables by shard."""
    db = duckdb.connect()
    for path in graph_folder(folder).glob("*.parquet"):
        db.read_parquet(str(path)).create_view(path.stem)
    for name in ("mentions", "groundings", "sentences"):
        db.read_parquet(str(folder / "tables" / name / "*.parquet")).create_view(f"{name}_found")
    return db


def print_counts(db: duckdb.DuckDBPyConnection, folder: Path) -> None:
    def one(query: str) -> int:
        row = db.execute(query).fetchone()
        return int(row[0]) if row else 0

    print("\n| what | count |\n|---|---:|")
    for name in ("documents", "entities", "statements", "evidence", "occurrences"):
        print(f"| {name} | {one(f'SELECT count(*) FROM {name}'):,} |")
    print(f"| sentences | {one('SELECT count(*) FROM sentences_found'):,} |")
    mentions = one("SELECT count(*) FROM mentions_found")
    nil = one("SELECT count(*) FROM groundings_found WHERE curie = ''")
    print(f"| mentions | {mentions:,} |")
    print(f"| mentions without identifier (NIL) | {nil:,} ({nil / max(1, mentions):.1%}) |")
    for predicate, count, papers in db.execute(
        "SELECT predicate, count(*), sum(papers) FROM statements GROUP BY 1 ORDER BY 2 DESC"
    ).fetchall():
        print(f"| statements: {predicate} | {count:,} (papers: {papers:,}) |")
    with Workspace(folder) as workspace:
        print(f"| failures | {len(workspace.failures()):,} |")


def print_entities(db: duckdb.DuckDBPyConnection, limit: int) -> None:
    print(
        "\n| entity | category | name | documents | mentions | as written |"
        "\n|---|---|---|--:|--:|---|"
    )
    written = """
        SELECT curie, string_agg(text, ', ' ORDER BY n DESC) AS texts FROM (
          SELECT curie, text, count(*) AS n FROM groundings_found g JOIN mentions_found m
          ON m.id = g.mention GROUP BY curie, text
          QUALIFY row_number() OVER (PARTITION BY curie ORDER BY count(*) DESC, text) <= 4)
        GROUP BY curie
    """
    for row in db.execute(
        f"SELECT id, category, name, documents, mentions, texts FROM entities "
        f"LEFT JOIN ({written}) w ON w.curie = id ORDER BY documents DESC, mentions DESC LIMIT ?",
        [limit],
    ).fetchall():
        print("| " + " | ".join(map(str, row)) + " |")


def sample(db: duckdb.DuckDBPyConnection, seed: int, size: int) -> list[tuple[object, ...]]:
    """Return randomly drawn statements, each with one randomly drawn piece of its evidence."""
    ids = [row[0] for row in db.execute(
        "SELECT id FROM statements WHERE predicate != 'cooccurs_with' ORDER BY id"
    ).fetchall()]  # fmt: skip
    draw = random.Random(seed)
    found = []
    for id in draw.sample(ids, min(size, len(ids))):
        rows = db.execute(
            "SELECT a.name, a.id, s.predicate, b.name, b.id, round(s.belief, 2), v.document,"
            " v.negated, v.hedged, v.sentence FROM statements s JOIN entities a ON a.id = s.subject"
            " JOIN entities b ON b.id = s.object JOIN evidence v ON v.statement = s.id"
            " WHERE s.id = ? AND v.extractor NOT LIKE 'cooccurrence%' ORDER BY v.id",
            [id],
        ).fetchall()
        found.append(draw.choice(rows))
    return found


def print_sample(db: duckdb.DuckDBPyConnection, seed: int, size: int) -> None:
    print(f"\nSeed {seed}")
    for number, row in enumerate(sample(db, seed, size), start=1):
        subject, subject_id, predicate, object_, object_id, belief, document, no, maybe, text = row
        marks = (" NEGATED" if no else "") + (" HEDGED" if maybe else "")
        print(f"{number}. {subject} ({subject_id}) --{predicate}--> {object_} ({object_id})"
              f" belief {belief}{marks}\n   {document}: {' '.join(str(text).split())}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--sample", type=int, default=10)
    parser.add_argument("--entities", type=int, default=60)
    parser.add_argument("--out", type=Path, help="keep the output there")
    options = parser.parse_args()
    for name in VOCABULARIES:
        fetch_vocabulary(name)
    with tempfile.TemporaryDirectory() as place:
        folder = options.out or Path(place) / "out"
        started = time.perf_counter(), time.process_time()
        report = build_into(folder, INPUTS, config=config(VOCABULARIES))
        wall, cpu = time.perf_counter() - started[0], time.process_time() - started[1]
        print(f"built in {wall:.1f} s ({cpu:.1f} s of processor)")
        print(", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.seconds.items()))
        with Workspace(folder) as workspace:
            stages = workspace.ledger.stage_totals()
        print(", ".join(f"{name} {found['seconds']:.1f} s" for name, found in stages.items()))
        db = connect(folder)
        print_counts(db, folder)
        print_entities(db, options.entities)
        for seed in options.seed:
            print_sample(db, seed, options.sample)


if __name__ == "__main__":
    main()
