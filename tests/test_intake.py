"""What becomes of documents that inputs repeat, edit, move, drop and withdraw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from workspaces import CONFIG, SENTENCES, texts, write

from kgbuild.api import build_into
from kgbuild.config import Config
from kgbuild.graph import Graph
from kgbuild.records import AnnotatedDocument, Document, Withdrawal
from kgbuild.workspace import Workspace


def test_an_edited_file_replaces_its_documents(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_into(out, [inputs], config=CONFIG)
    write(inputs / "0.jsonl", "PMID:0", "Insulin is used to treat type 1 diabetes.")
    write(inputs / "1.jsonl", "PMID:11", "Nothing of interest.")
    report = build_into(out, [inputs], config=CONFIG)
    assert (report.intake.replaced, report.intake.withdrawn) == (1, 1)
    assert texts(out)["PMID:0"].startswith("Insulin")
    assert "PMID:1" not in texts(out)
    graph = Graph.open(out)
    assert not len(graph.statements.query("predicate == 'inhibits' and object == 'HGNC:9604'"))


def test_one_id_with_two_texts_is_listed_and_the_first_kept(inputs: Path, tmp_path: Path) -> None:
    write(inputs / "9.jsonl", "PMID:0", "Another text.")
    report = build_into(tmp_path / "out", [inputs], config=CONFIG)
    [failure] = report.failures
    assert failure.document == "PMID:0"
    assert "9.jsonl" in failure.source
    assert "0.jsonl" in failure.reason
    assert texts(tmp_path / "out")["PMID:0"] == SENTENCES[0]


def test_a_newer_version_wins_whatever_the_order(tmp_path: Path) -> None:
    old = Document("PMID:1", "Old text.", metadata={"version": "1"})
    new = Document("PMID:1", "New text.", metadata={"version": "2"})
    for name, order in (("a", [old, new]), ("b", [new, old])):
        build_into(tmp_path / name, memory=order)
        assert texts(tmp_path / name) == {"PMID:1": "New text."}


def test_the_same_document_twice_counts_once(inputs: Path, tmp_path: Path) -> None:
    write(inputs / "8.jsonl", "PMID:0", SENTENCES[0])
    report = build_into(tmp_path / "out", [inputs], config=CONFIG)
    assert (report.failures, report.intake.known) == ([], 1)
    assert len(texts(tmp_path / "out")) == 7


def test_withdrawn_documents_leave_the_graph(tmp_path: Path) -> None:
    from kgbuild.intake import Input
    from kgbuild.pipeline import build_workspace

    out = tmp_path / "out"
    build_into(out, memory=[Document(f"PMID:{n}", s) for n, s in enumerate(SENTENCES)])
    source = Input("update", "1", [Withdrawal("PMID:1", "update"), Withdrawal("PMID:99", "update")])
    report = build_workspace([source], out, Config())
    assert report.intake.withdrawn == 1
    assert "PMID:1" not in texts(out)
    assert not len(Graph.open(out).statements.query("object == 'HGNC:9604'"))


def test_a_document_that_moves_to_another_file_stays(inputs: Path, tmp_path: Path) -> None:
    build_into(tmp_path / "out", [inputs], config=CONFIG)
    write(inputs / "1.jsonl", "PMID:11", "Nothing of interest.")
    write(inputs / "8.jsonl", "PMID:1", SENTENCES[1])
    report = build_into(tmp_path / "out", [inputs], config=CONFIG)
    assert report.failures == []
    assert texts(tmp_path / "out")["PMID:1"] == SENTENCES[1]
    (inputs / "0.jsonl").write_text((inputs / "8.jsonl").read_text())  # and back, into an earlier
    write(inputs / "8.jsonl", "PMID:0", SENTENCES[0])
    build_into(tmp_path / "out", [inputs], config=CONFIG)
    assert len(texts(tmp_path / "out")) == 8


def test_a_document_that_two_files_hold_stays_when_one_drops_it(
    inputs: Path, tmp_path: Path
) -> None:
    write(inputs / "8.jsonl", "PMID:0", SENTENCES[0])
    build_into(tmp_path / "out", [inputs], config=CONFIG)
    for number, left in (("0", 8), ("8", 8)):
        write(inputs / f"{number}.jsonl", f"PMID:1{number}", f"Nothing of interest {number}.")
        build_into(tmp_path / "out", [inputs], config=CONFIG)
        assert ("PMID:0" in texts(tmp_path / "out")) == (number == "0")
        assert len(texts(tmp_path / "out")) == left


def test_what_lies_behind_a_break_is_not_taken_for_removed(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    lines = [json.dumps({"id": f"PMID:{n}", "text": s}) for n, s in enumerate(SENTENCES)]
    file.write_text("\n".join(lines))
    build_into(tmp_path / "out", [file], config=CONFIG)
    file.write_text("\n".join(lines)[:200])
    report = build_into(tmp_path / "out", [file], config=CONFIG)
    assert report.failures
    assert len(texts(tmp_path / "out")) == 7


def test_an_input_is_the_same_however_its_path_is_written(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    build_into(tmp_path / "out", ["in"], config=CONFIG)
    write(inputs / "0.jsonl", "PMID:0", "Insulin treats type 1 diabetes.")
    report = build_into(tmp_path / "out", [f"{inputs}/../in"], config=CONFIG)
    assert (report.intake.inputs_unchanged, report.intake.replaced, report.failures) == (6, 1, [])


def test_what_a_later_file_withdraws_stays_away_when_an_earlier_one_changes(
    tmp_path: Path,
) -> None:
    from kgbuild.intake import Input
    from kgbuild.pipeline import build_workspace

    def item(text: str) -> AnnotatedDocument:
        return AnnotatedDocument(Document("PMID:1", text))

    other = AnnotatedDocument(Document("PMID:2", "Other."))
    first = Input("1.xml", "1", [item("One."), other])
    second = Input("2.xml", "1", [Withdrawal("PMID:1", "2.xml")])
    build_workspace([first, second], tmp_path / "out", Config())
    build_workspace([Input("1.xml", "2", [item("One!"), other])], tmp_path / "out", Config())
    assert set(texts(tmp_path / "out")) == {"PMID:2"}
    build_workspace([second, first], tmp_path / "reversed", Config())
    assert set(texts(tmp_path / "reversed")) == {"PMID:2"}
    build_workspace([Input("3.xml", "1", [item("Back.")])], tmp_path / "out", Config())
    assert texts(tmp_path / "out") == {"PMID:1": "Back.", "PMID:2": "Other."}


def test_changed_annotations_and_metadata_reach_the_graph(tmp_path: Path) -> None:
    for journal in ("A", "B"):
        write(tmp_path / "a.jsonl", "PMID:1", "Aspirin inhibits PTGS1.", journal=journal)
        reading = {"options": {"metadata_fields": ["journal"]}}
        config = CONFIG.model_validate({"reading": reading})
        build_into(tmp_path / "out", [tmp_path / "a.jsonl"], config=config)
    with Workspace(tmp_path / "out") as workspace:
        [found] = workspace.documents()
    assert found.document.metadata["journal"] == "B"


def test_a_lone_surrogate_anywhere_costs_one_document(tmp_path: Path) -> None:
    from kgbuild.records import Mention, Passage

    text = "Aspirin."
    documents = [
        AnnotatedDocument(Document("PMID:1", text, (Passage("title", 0, 8, "\ud800"),))),
        AnnotatedDocument(
            Document("PMID:2", text), mentions=(Mention("PMID:2", 0, 7, "Aspirin", "\ud800"),)
        ),
        AnnotatedDocument(
            Document("PMID:3", text), mentions=(Mention("PMID:9", 0, 7, "Aspirin", "Chemical"),)
        ),
        Document("PMID:4", text, date="²⁰²¹"),
    ]
    report = build_into(tmp_path / "out", memory=documents, config=CONFIG)
    assert [f.document for f in report.failures] == ["PMID:1", "PMID:2", "PMID:3"]
    assert set(texts(tmp_path / "out")) == {"PMID:4"}


def test_sentences_of_replaced_documents_do_not_count(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / "a.jsonl", "PMID:1", f"Aspirin inhibits PTGS1. It is run {number}.")
        build_into(tmp_path / "out", [tmp_path / "a.jsonl"], config=CONFIG)
    assert Graph.open(tmp_path / "out").manifest["workspace"]["sentences"] == 2
