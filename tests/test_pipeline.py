"""The workspace as users meet it: resumable, idempotent, incremental, nothing lost or doubled."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from workspaces import CONFIG, SENTENCES, content, texts

from kgbuild.api import build_into
from kgbuild.config import AssemblyConfig, Config, ErrorRates, RunConfig
from kgbuild.errors import InputError, WorkspaceError
from kgbuild.graph import Graph
from kgbuild.records import AnnotatedDocument, Document
from kgbuild.workspace import Workspace


def test_a_build_holds_every_document_and_its_statements(inputs: Path, tmp_path: Path) -> None:
    report = build_into(tmp_path / "out", [inputs], config=CONFIG)
    assert (report.intake.new, report.documents, report.failures) == (7, 7, [])
    assert texts(tmp_path / "out") == {f"PMID:{n}": s for n, s in enumerate(SENTENCES)}
    graph = Graph.open(tmp_path / "out")
    treats = graph.statements.query("predicate == 'treats' and object == 'MONDO:0005148'")
    assert treats["subject"].tolist() == ["MESH:D008687"]
    assert treats["papers"].tolist() == [2]


def test_a_second_build_does_nothing(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_into(out, [inputs], config=CONFIG)
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*.parquet")}
    report = build_into(out, [inputs], config=CONFIG)
    assert report.did_nothing
    assert report.intake.inputs_unchanged == 7
    changed = {p for p in before if p.stat().st_mtime_ns != before[p]} - {
        out / "tables" / "failures.parquet"
    }
    assert not changed


def test_added_documents_are_all_that_is_processed(inputs: Path, tmp_path: Path) -> None:
    out, whole = tmp_path / "out", tmp_path / "whole"
    late = [inputs / "5.jsonl", inputs / "6.jsonl"]
    early = [p for p in sorted(inputs.iterdir()) if p not in late]
    build_into(out, early, config=CONFIG)
    report = build_into(out, [inputs], config=CONFIG)
    assert (report.documents, report.intake.new) == (2, 2)
    build_into(whole, [inputs], config=CONFIG)
    assert content(out) == content(whole)


def test_shard_size_and_processes_do_not_matter(inputs: Path, tmp_path: Path) -> None:
    build_into(tmp_path / "a", [inputs], config=CONFIG)
    one = Config(run=RunConfig(shard_documents=100, workers=1))
    build_into(tmp_path / "b", [inputs], config=one)
    two = Config(run=RunConfig(shard_documents=3, workers=2))
    build_into(tmp_path / "c", [inputs], config=two)
    assert content(tmp_path / "a") == content(tmp_path / "b") == content(tmp_path / "c")


def test_a_document_that_breaks_a_stage_is_listed_and_the_others_go_on(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kgbuild.extractors.dictionary import DictionaryRecognizer

    recognize = DictionaryRecognizer.recognize

    def fragile(self: Any, batch: list[AnnotatedDocument]) -> Any:
        if any(item.document.id == "PMID:1" for item in batch):
            raise ValueError("no such luck")
        return recognize(self, batch)

    monkeypatch.setattr(DictionaryRecognizer, "recognize", fragile)
    report = build_into(tmp_path / "out", [inputs], config=CONFIG)
    [failure] = report.failures
    assert (failure.document, failure.stage) == ("PMID:1", "recognize")
    assert "no such luck" in failure.reason
    assert len(texts(tmp_path / "out")) == 7
    monkeypatch.setattr(DictionaryRecognizer, "recognize", recognize)
    report = build_into(tmp_path / "out", [inputs], config=CONFIG, force=["recognize"])
    assert report.failures == []
    build_into(tmp_path / "other", [inputs], config=CONFIG)
    assert content(tmp_path / "out") == content(tmp_path / "other")


def test_a_changed_option_runs_only_the_stages_it_concerns(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_into(out, [inputs], config=CONFIG)
    mentions = out / "tables" / "mentions" / "000000.parquet"
    relations = out / "tables" / "relations" / "000000.parquet"
    before = mentions.stat().st_mtime_ns, relations.stat().st_mtime_ns
    patterns = [r for r in CONFIG.relations if r.type == "patterns"]
    report = build_into(out, [], config=CONFIG.model_copy(update={"relations": patterns}))
    assert report.documents == 7
    assert mentions.stat().st_mtime_ns == before[0]
    assert relations.stat().st_mtime_ns > before[1]
    assert "cooccurs_with" not in set(Graph.open(out).statements["predicate"])


def test_belief_is_recomputed_without_reading_again(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_into(out, [inputs], config=CONFIG)
    before = Graph.open(out).statements.set_index("id")["belief"]
    rates = AssemblyConfig(error_rates={"patterns": ErrorRates(systematic=0.5, random=0.5)})
    report = build_into(out, [], config=CONFIG.model_copy(update={"assembly": rates}))
    assert (report.shards, report.assembled) == (0, True)
    after = Graph.open(out).statements.set_index("id")["belief"]
    typed = Graph.open(out).statements.query("extractors.str[0] == 'patterns' and papers > 0")["id"]
    assert len(typed)
    assert (after[typed] < before[typed]).all()


def test_the_manifest_says_how_it_was_made(inputs: Path, tmp_path: Path) -> None:
    build_into(tmp_path / "out", [inputs], config=CONFIG)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["configuration"]["run"]["shard_documents"] == 2
    assert manifest["workspace"]["documents"] == 7
    assert manifest["vocabularies"][0]["name"] == "starter"
    assert manifest["graph"]["statements"] == Graph.open(tmp_path / "out").tables.count(
        "statements"
    )


def test_two_builds_never_write_one_folder(inputs: Path, tmp_path: Path) -> None:
    with (
        Workspace(tmp_path / "out", create=True),
        pytest.raises(WorkspaceError, match="another kgbuild"),
    ):
        build_into(tmp_path / "out", [inputs], config=CONFIG)


def test_a_folder_with_other_files_is_refused(inputs: Path) -> None:
    with pytest.raises(WorkspaceError, match="other files"):
        build_into(inputs, [inputs], config=CONFIG)


def test_an_unwritable_output_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="can't be written"):
        build_into(tmp_path / "file" / "out", memory=["Text."])


def test_an_absent_input_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none"):
        build_into(tmp_path / "out", [tmp_path / "none.xml"])
    assert not (tmp_path / "out").exists()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few hundred kilobytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_stops_with_a_message_and_the_build_goes_on_later(
    inputs: Path, tmp_path: Path, full_disk: Path
) -> None:
    out = full_disk / "out"
    with pytest.raises(WorkspaceError, match="free some space"):
        build_into(out, [inputs], config=CONFIG)
    remount = ["mount", "-o", "remount,size=200m", str(full_disk)]
    subprocess.run(remount, check=True)
    build_into(out, [inputs], config=CONFIG)
    build_into(tmp_path / "whole", [inputs], config=CONFIG)
    assert content(out) == content(tmp_path / "whole")


KILLED = """
import os, sys
from pathlib import Path
from kgbuild import workspace, ledger
from kgbuild.api import build_into
from kgbuild.config import Config, RunConfig

point, inputs, out = int(sys.argv[1]), sys.argv[2], sys.argv[3]
steps = 0

def dies(function):
    def step(*args, **options):
        global steps
        steps += 1
        if steps == point:
            os.kill(os.getpid(), 9)
        result = function(*args, **options)
        steps += 1
        if steps == point:
            os.kill(os.getpid(), 9)
        return result
    return step

Path.replace = dies(Path.replace)
Path.rename = dies(Path.rename)
ledger.Ledger.add_shard = dies(ledger.Ledger.add_shard)
ledger.Ledger.finish_stage = dies(ledger.Ledger.finish_stage)
build_into(out, [inputs], config=Config(run=RunConfig(shard_documents=4)))
print(steps)
"""


def test_a_kill_at_any_point_loses_and_doubles_nothing(inputs: Path, tmp_path: Path) -> None:
    def attempt(point: int, out: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", KILLED, str(point), str(inputs), str(out)]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    whole = attempt(0, tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    steps = int(whole.stdout)
    expected = content(tmp_path / "whole")
    points = sorted({1 + steps * i // 7 for i in range(7)} | {steps})
    gate = threading.Semaphore(2)
    problems: list[str] = []

    def check(point: int) -> None:
        out = tmp_path / f"killed-{point}"
        with gate:
            if attempt(point, out).returncode != -9:
                problems.append(f"{point}: was not killed")
            finished = attempt(0, out)
            if finished.returncode or content(out) != expected:
                problems.append(f"{point}: {finished.stderr[-500:]}")

    threads = [threading.Thread(target=check, args=(point,)) for point in points]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_interrupting_leaves_a_folder_to_go_on_with(inputs: Path, tmp_path: Path) -> None:
    def source() -> Iterator[Document]:
        yield from (Document(f"PMID:{n}", s) for n, s in enumerate(SENTENCES[:5]))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_into(tmp_path / "out", memory=source(), config=CONFIG)
    build_into(tmp_path / "out", memory=[Document(f"PMID:{n}", s) for n, s in enumerate(SENTENCES)])
    assert len(texts(tmp_path / "out")) == 7


def test_progress_tells_how_much_is_left(inputs: Path, tmp_path: Path) -> None:
    steps: list[tuple[str, int, int | None]] = []
    build_into(tmp_path / "out", [inputs], config=CONFIG, progress=lambda *step: steps.append(step))
    documents = [(done, total) for task, done, total in steps if task == "documents"]
    assert [done for done, _ in documents] == [2, 4, 6, 7]
    assert all(total is not None and done <= total <= 12 for done, total in documents)
    assert documents[-1] == (7, 7)


def test_failures_are_at_hand_in_python(inputs: Path, tmp_path: Path) -> None:
    (inputs / "broken.xml").write_text("<PubmedArticleSet><PubmedArticle>")
    build_into(tmp_path / "out", [inputs], config=CONFIG)
    graph = Graph.open(tmp_path / "out")
    assert set(graph.failures["source"]) == {str(inputs / "broken.xml")}
    assert graph.manifest["workspace"]["failures"] == len(graph.failures)


def test_an_edited_patterns_file_runs_the_relations_again(inputs: Path, tmp_path: Path) -> None:
    from kgbuild.config_relations import PatternsConfig
    from kgbuild.extractors.pattern_file import DEFAULT_PATTERNS

    own = tmp_path / "own.yaml"
    own.write_text(DEFAULT_PATTERNS.read_text())
    config = CONFIG.model_copy(update={"relations": [PatternsConfig(file=str(own))]})
    build_into(tmp_path / "out", [inputs], config=config)
    assert build_into(tmp_path / "out", [inputs], config=config).did_nothing
    own.write_text(own.read_text() + "\n# edited\n")
    assert build_into(tmp_path / "out", [inputs], config=config).documents == 7


def test_a_configuration_that_failed_leaves_nothing_behind(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kgbuild.config import VariantsConfig
    from kgbuild.errors import KgbuildError
    from kgbuild.normalizer.linker import Linker

    out = tmp_path / "out"
    build_into(out, [inputs], config=CONFIG)
    expected = content(out)
    other = CONFIG.model_copy(update={"recognizers": [VariantsConfig()]})
    with monkeypatch.context() as patched:
        patched.setattr(Linker, "ground", lambda *_: (_ for _ in ()).throw(KgbuildError("no")))
        with pytest.raises(KgbuildError):
            build_into(out, [], config=other)
    build_into(out, [], config=CONFIG)
    with Workspace(out) as workspace:
        assert sum(len(item.mentions) for item in workspace.documents())
    assert content(out) == expected


def test_the_next_build_takes_the_configuration_of_the_first(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    header = "id\tname\tcategory\tsynonyms\tabbreviations\trelated\txrefs\tparents\tdefinition"
    Path("own.tsv").write_text(f"{header}\nX:1\tPTGS1\tGene\t\t\t\t\t\t\n")
    build_into("out", ["in"], config=Config(vocabularies=["starter", "own.tsv"]))
    before = content(tmp_path / "out")
    monkeypatch.chdir("/")
    report = build_into(tmp_path / "out", [inputs])
    assert report.did_nothing
    assert content(tmp_path / "out") == before
    report = build_into(tmp_path / "out", [inputs], config=Config())
    assert report.documents == 7


def test_a_store_that_is_not_wanted_any_more_goes(inputs: Path, tmp_path: Path) -> None:
    build_into(tmp_path / "out", [inputs], config=CONFIG)
    build_into(tmp_path / "out", [], config=CONFIG.model_copy(update={"stores": ["oxigraph"]}))
    assert not (tmp_path / "out" / "stores" / "graph.lbug").exists()
    assert (tmp_path / "out" / "stores" / "rdf").exists()


def test_a_damaged_shard_is_named(inputs: Path, tmp_path: Path) -> None:
    build_into(tmp_path / "out", [inputs], config=CONFIG)
    shard = tmp_path / "out" / "tables" / "mentions" / "000001.parquet"
    shard.write_bytes(b"garbage")
    with pytest.raises(WorkspaceError, match="000001"):
        texts(tmp_path / "out")
