"""build: what it prints, how it exits, and how it goes on after an interruption."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest
from running import ANSI, Run, command, in_process

from kgbuild.tables import GRAPH_TABLES, GraphTables
from kgbuild.workspace import Workspace

LINES = (
    '{"id": "PMID:1", "text": "Aspirin inhibits PTGS1."}\n'
    '{"id": "PMID:2", "text": "Warfarin causes hemorrhage."}\n'
)


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    path = tmp_path / "papers.jsonl"
    path.write_text(LINES)
    return path


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough documents for a build of some seconds, in small shards."""
    folder = tmp_path_factory.mktemp("many")
    rows = (
        {"id": f"PMID:{n}", "text": f"Aspirin inhibits PTGS1 in cohort {n}. Warfarin causes "
         f"hemorrhage in {n} patients. Metformin treats type 2 diabetes."}
        for n in range(900)
    )  # fmt: skip
    (folder / "many.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "config.yaml").write_text(
        'grounding: {dense: "off"}\nstores: []\nrun: {shard_documents: 50}\n'
    )
    return folder


def build_many(many: Path, out: Path) -> list[str]:
    return command("build", many / "many.jsonl", "-o", out, "-c", many / "config.yaml")


def content(folder: Path) -> dict[str, object]:
    tables = GraphTables(folder / "graph")
    return {name: tables.read(name).to_pylist() for name in GRAPH_TABLES}


def test_a_build_from_a_pipe_prints_a_summary_and_nothing_else(tmp_path: Path, fast: Path) -> None:
    arguments = ("build", "-", "--format", "jsonl", "-o", "out", "-c", fast)
    built = in_process(*arguments, stdin=LINES.encode(), cwd=tmp_path)
    assert (built.code, built.err) == (0, "")
    assert not ANSI.search(built.out)
    assert "\r" not in built.out
    numbers = dict(re.findall(r"^(\w+) +([\d,.]+) ", built.out, re.MULTILINE))
    assert numbers["documents"] == "2"
    assert int(numbers["statements"]) >= 2
    assert "kgbuild query out" in built.out


def test_a_failed_document_makes_one_and_is_listed(
    kgb: Run, papers: Path, tmp_path: Path, fast: Path
) -> None:
    papers.write_text(LINES + "{broken\n")
    built = kgb("build", papers, "-o", tmp_path / "out", "-c", fast)
    assert built.code == 1
    assert "1 failed" in built.err
    assert f"{papers} line 3" in built.err
    again = kgb("build", papers, "-o", tmp_path / "out", "-c", fast)
    assert again.code == 1
    assert "nothing to do" in again.out
    papers.write_text(LINES)
    mended = kgb("build", papers, "-o", tmp_path / "out", "-c", fast)
    assert (mended.code, mended.err) == (0, "")


def test_a_stage_can_be_run_again_alone(kgb: Run, papers: Path, tmp_path: Path, fast: Path) -> None:
    out = tmp_path / "out"
    kgb("build", papers, "-o", out, "-c", fast)
    before = content(out)
    mentions = out / "tables" / "mentions" / "000000.parquet"
    relations = out / "tables" / "relations" / "000000.parquet"
    stamps = mentions.stat().st_mtime_ns, relations.stat().st_mtime_ns
    assert kgb("build", "-o", out, "-c", fast, "--force", "relate").code == 0
    assert mentions.stat().st_mtime_ns == stamps[0]
    assert relations.stat().st_mtime_ns > stamps[1]
    assert content(out) == before


def test_branches_of_an_added_vocabulary_have_their_category(
    kgb: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KGBUILD_CACHE", str(tmp_path / "cache"))
    table = tmp_path / "mine.tsv"
    table.write_text("id\tname\tparents\nMY:1\till\t\nMY:2\tzorbitis\tMY:1\nMY:3\tpill\t\n")
    own = ["--branch", "MY:1=Disease", "--branch", "MY:3=Drug"]
    added = kgb("vocab", "add", table, "--name", "mine", *own)
    assert re.search(r"^by category +Disease 2, Drug 1$", added.out, re.MULTILINE)
    for wrong in (["Disease"], ["MY:1="], ["MY:1=Disease", "MY:1=Drug"]):
        options = [word for text in wrong for word in ("--branch", text)]
        told = kgb("vocab", "add", table, "--name", "mine", *options)
        assert told.code == 2
        assert "EFO:0000408=Disease" in told.err


def test_an_added_vocabulary_is_used(
    kgb: Run, papers: Path, tmp_path: Path, fast: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KGBUILD_CACHE", str(tmp_path / "cache"))
    table = tmp_path / "mine.tsv"
    table.write_text("id\tname\tsynonyms\nMY:1\tflurbazine\tFBZ-1\nMY:2\tzorbitis\t\n")
    added = kgb("vocab", "add", table, "--name", "mine", "--category", "ChemicalEntity")
    assert added.code == 0
    assert re.search(r"^terms +2$", added.out, re.MULTILINE)
    assert re.search(r"^by category +ChemicalEntity 2$", added.out, re.MULTILINE)
    assert (added.err, "replaced" in added.out) == ("", False)
    bare = kgb("vocab", "add", table, "--name", "mine")
    assert bare.code == 0
    assert f"replaced the mine that was there: {table}\n" in bare.out
    assert "2 of 2 terms have no category" in bare.err
    assert "again with --category" in bare.err
    assert kgb("vocab", "add", table, "--name", "mine", "--category", "ChemicalEntity").err == ""
    assert re.search(r"^mine .*yes", kgb("vocab", "list").out, re.MULTILINE)
    assert "mine.tsv" in kgb("vocab", "info", "mine").out
    papers.write_text('{"id": "PMID:1", "text": "Flurbazine (FBZ-1) helps against zorbitis."}\n')
    built = kgb("build", papers, "-o", tmp_path / "out", "-c", fast, "--vocab", "mine")
    assert built.code == 0
    entities = GraphTables(tmp_path / "out" / "graph").read("entities", ["id", "category"])
    assert entities.to_pylist() == [
        {"id": "MY:1", "category": "ChemicalEntity"}, {"id": "MY:2", "category": "ChemicalEntity"},
    ]  # fmt: skip
    grounded = kgb("ground", "FBZ-1", "--vocab", "mine", "-c", fast)
    assert grounded.out.startswith("FBZ-1 is MY:1 flurbazine")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("cycle.tsv", "id\tname\tparents\nMY:1\tflurbazine\tMY:2\nMY:2\tzorbine\tMY:1\n", ""),
        ("twice.tsv", "id\tname\nMY:1\tflurbazine\nMY:1\tzorbine\nMY:2\tother\n", ""),
        ("garbage.obo", "\x01\x02 this is no OBO", "garbage.obo"),
        ("headless.tsv", "a\tb\n1\t2\n", "headless.tsv"),
        ("empty.tsv", "", "empty.tsv"),
    ],
)
def test_an_odd_vocabulary_works_or_is_one_message(
    kgb: Run, papers: Path, name: str, text: str, said: str
) -> None:
    tmp_path = papers.parent
    (tmp_path / name).write_text(text)
    papers.write_text('{"id": "PMID:1", "text": "Flurbazine helps."}\n')
    config = tmp_path / "config.yaml"
    config.write_text(
        f'grounding: {{dense: "off"}}\nvocabularies:\n- {{name: {name}, category: Drug}}\n'
    )
    built = kgb("build", papers, "-o", tmp_path / "out", "-c", config)
    assert "Traceback" not in built.err
    if said:
        assert built.code == 2
        assert said in built.err
        assert kgb("vocab", "info", tmp_path / name).code == 2
    else:
        assert built.code == 0
        found = GraphTables(tmp_path / "out" / "graph").read("entities", ["id"])["id"].to_pylist()
        assert found == ["MY:1"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["absent.xml"], "no such file or folder: absent.xml"),
        (["papers.json"], "did you mean"),
        (["*.xml"], "no file matches"),
        (["void"], "empty folder"),
        ([], "nothing to build"),
        (["papers.jsonl", "--config", "absent.yaml"], "absent.yaml"),
        (["papers.jsonl", "--format", "pubmed"], "pubmed-xml"),
        (["papers.jsonl", "--vocab", "nope"], "no vocabulary 'nope'"),
        (["papers.jsonl", "--force", "reading"], "is no stage"),
        (["papers.jsonl", "--out", "papers.jsonl"], "papers.jsonl"),
        (["papers.jsonl", "--out", "papers.jsonl/out"], "can't be written"),
        (["papers.jsonl", "--out", "."], "other files"),
        (["papers.jsonl", "--out", "/proc/kgbuild"], "can't be written"),
    ],
)
def test_unusable_input_or_output_is_one_message(
    kgb: Run, papers: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(papers.parent)
    (papers.parent / "void").mkdir()
    before = sorted(papers.parent.rglob("*"))
    out = [] if "--out" in arguments else ["--out", "new"]
    built = kgb("build", *arguments, *out)
    assert (built.code, built.out) == (2, "")
    assert said in built.err
    assert "Traceback" not in built.err
    assert papers.read_text() == LINES
    assert [p for p in sorted(papers.parent.rglob("*")) if p.name != "new"] == [
        p for p in before if p.name != "new"
    ] or (papers.parent / "new").is_dir()


CONFIGURATIONS = {
    "grouding: {}": ("line 1", "did you mean 'grounding'"),
    "run:\n  shard_documents: 0": ("line 2", "shard_documents"),
    "schema: nowhere": ("nowhere", "biomedical"),
    "vocabularies: [nope]": ("nope", "known are"),
    "relations:\n- {type: patterns, file: broken.yaml}": ("broken.yaml", ""),
    "relations: [": ("line 1", "YAML"),
    "reading: {options: {text_feld: a}}": ("reading: unknown option", "'text_field'"),
    "reading: {options: {encoding: klingon}}": ("unknown encoding 'klingon'",),
    "reading: {format: jsonl, options: {text_field: {a: b}}}": ("'text_field' must be a text",),
    "recognizers:\n- {type: dictionary, categories: [Diseese]}": ("Diseese", "did you mean"),
}


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_a_wrong_configuration_is_one_message(
    kgb: Run, papers: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(papers.parent)
    Path("my.yaml").write_text(text)
    Path("broken.yaml").write_text("patterns:\n- {predicate: [treats\n")
    checked = kgb("config", "check", "my.yaml")
    built = kgb("build", papers, "-c", "my.yaml", "-o", "out")
    for result in (checked, built):
        assert result.code == 2
        assert "Traceback" not in result.err
        assert all(part in result.err for part in CONFIGURATIONS[text])
    assert not Path("out", "graph").exists()


def test_a_configuration_is_written_checked_and_shown(kgb: Run, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    assert kgb("config", "init", path).code == 0
    assert "# " in path.read_text()
    assert kgb("config", "check", path).out == f"{path} is right\n"
    assert kgb("config", "show", "--config", path).out == kgb("config", "show").out
    again = kgb("config", "init", path)
    assert again.code == 2
    assert "exists already" in again.err
    path.write_text("run: {shard_documents: 7}\n")
    assert "shard_documents: 7" in kgb("config", "show", "-c", path).out
    assert kgb("config", "init", tmp_path / "no" / "my.yaml").code == 2


INTERRUPTED = """
import os, pathlib, signal, sys
from kgbuild.cli import main
from kgbuild.ledger import Ledger
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
done, finish = pathlib.Path(sys.argv.pop(1)), Ledger.finish_stage
def counted(ledger, *arguments):
    finish(ledger, *arguments)
    if len(list(done.glob("0*.parquet"))) >= 3:
        os.kill(os.getpid(), signal.SIGINT)
Ledger.finish_stage = counted
main()
"""


def test_an_interrupted_build_goes_on_where_it_stopped(many: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = out / "tables" / "graph_documents"
    arguments = [sys.executable, "-c", INTERRUPTED, str(done), *build_many(many, out)[3:]]
    stopped = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (stopped.returncode, stopped.stdout) == (130, "")
    assert "run the same command again" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    with Workspace(out) as workspace:
        kept = len(workspace.ledger.shards())
    assert 0 < kept < 18
    stamps = {path: path.stat().st_mtime_ns for path in done.glob("0*.parquet")}
    again = subprocess.run(build_many(many, out), capture_output=True, text=True, check=True)
    assert "900" in again.stdout
    first = sorted(stamps)[0]
    assert first.stat().st_mtime_ns == stamps[first]
    with Workspace(out) as workspace:
        assert len({item.document.id for item in workspace.documents()}) == 900


def test_progress_shows_on_a_terminal(many: Path, tmp_path: Path) -> None:
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    for name in ("NO_COLOR", "CI", "TTY_COMPATIBLE"):
        environment.pop(name, None)
    slowed = [
        sys.executable, "-c",
        "import sys, time\nfrom kgbuild import shard_work\nfrom kgbuild.cli import main\n"
        "write = shard_work.write_shard\n"
        "def slow(*args): time.sleep(0.02); return write(*args)\n"
        "shard_work.write_shard = slow\nmain()",
        *build_many(many, tmp_path / "out")[3:],
    ]  # fmt: skip
    running = subprocess.Popen(slowed, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    seen = b""
    while select.select([master], [], [], 60)[0]:
        try:
            piece = os.read(master, 65536)
        except OSError:  # Linux's word for the end of a terminal
            break
        if not piece:
            break
        seen += piece
    os.close(master)
    assert running.wait() == 0
    text = seen.decode()
    shown = re.findall(r"documents .*?(\d+)/", ANSI.sub("", text))
    assert len(set(shown)) > 3
    assert re.search(r"\d+/s, 0:\d\d left", text)
    assert "900" in text
