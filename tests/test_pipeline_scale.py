"""The graph is the same however it is built: workers, shards, kills."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kgbuild.api import build_into
from kgbuild.config import Config, RunConfig
from kgbuild.layout import graph_folder
from kgbuild.records import Document
from kgbuild.tables import GRAPH_TABLES, GraphTables

DRUGS = ("Metformin", "Aspirin", "Warfarin", "Imatinib", "Simvastatin")
ENDS = (
    "treats type 2 diabetes mellitus.", "did not prevent stroke.", "inhibits PTGS1.",
    "may cause hemorrhage.", "was given to patients with asthma and hypertension.",
)  # fmt: skip


def documents() -> list[Document]:
    return [
        Document(
            f"PMID:{number}",
            f"Study {number}. {DRUGS[number % 4]} {ENDS[number % 5]} {DRUGS[4]} caused nausea.",
            date=str(1990 + number % 30),
        )
        for number in range(150)
    ]


def config(**run: Any) -> Config:
    return Config.model_validate(
        {"grounding": {"dense": "off"}, "stores": [], "run": RunConfig(**run).model_dump()}
    )


def content(folder: Path) -> dict[str, list[dict[str, Any]]]:
    tables = GraphTables(graph_folder(folder))
    found = {name: tables.read(name).to_pylist() for name in GRAPH_TABLES}
    for statement in found["statements"]:
        # a product of floating numbers, in whatever order the engine takes them
        statement["belief"] = round(statement["belief"], 9)
    return found


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("expected") / "out"
    report = build_into(folder, memory=documents(), config=config(workers=1))
    found = content(folder)
    assert report.documents == len(found["documents"]) == 150
    assert {"treats", "inhibits", "causes"} <= {s["predicate"] for s in found["statements"]}
    return found


@pytest.mark.parametrize("run", [{"shard_documents": 7}, {"shard_characters": 900}])
def test_the_size_of_shards_changes_nothing(
    run: dict[str, int], tmp_path: Path, expected: dict[str, Any]
) -> None:
    report = build_into(tmp_path / "out", memory=documents(), config=config(workers=1, **run))
    assert report.shards > 10
    assert content(tmp_path / "out") == expected


def test_the_number_of_workers_changes_nothing(tmp_path: Path, expected: dict[str, Any]) -> None:
    build_into(tmp_path / "out", memory=documents(), config=config(workers=2, shard_documents=40))
    assert content(tmp_path / "out") == expected


SCRIPT = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from kgbuild.ledger import Ledger
from test_pipeline_scale import build_into, config, documents
finish, left = Ledger.finish_stage, int(sys.argv[3])
def counted(ledger, *arguments):
    global left
    finish(ledger, *arguments)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
Ledger.finish_stage = counted
build_into(sys.argv[1], memory=documents(), config=config(workers=1, shard_documents=5))
"""


def test_kills_lose_and_double_nothing(tmp_path: Path, expected: dict[str, Any]) -> None:
    out = tmp_path / "out"
    arguments = [sys.executable, "-c", SCRIPT, str(out), str(Path(__file__).parent)]
    for stages in (11, 51, 36):  # while reading, then twice between and within shards
        killed = subprocess.run([*arguments, str(stages)], check=False)
        assert killed.returncode == -signal.SIGKILL
    report = build_into(out, memory=documents(), config=config(workers=1, shard_documents=5))
    assert 0 < report.documents < 150
    assert content(out) == expected
