"""Bad input at the level of the whole build: listed with its place, and nobody else's trouble."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from running import Result, Run

import kgbuild
from kgbuild.config import Config, GroundingConfig
from kgbuild.records import Document, Failure
from kgbuild.tables import GraphTables
from kgbuild.workspace import Workspace

TEXTS = (
    "Aspirin inhibits PTGS1.",
    "Warfarin causes hemorrhage.",
    "Imatinib inhibits ABL1.",
)
GOOD = {"PMID:100", "PMID:101"}
XML = "<?xml version='1.0' encoding='UTF-8'?>\n"
Build = Callable[..., "Built"]


def pubmed(*texts: str, first: int = 1, declaration: str = XML) -> bytes:
    articles = [
        f"<PubmedArticle><MedlineCitation><PMID Version='1'>{number}</PMID><Article>"
        f"<ArticleTitle>Title {number}.</ArticleTitle><Abstract><AbstractText>{text}"
        "</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>\n"
        for number, text in enumerate(texts, first)
    ]
    return f"{declaration}<PubmedArticleSet>\n{''.join(articles)}</PubmedArticleSet>\n".encode()


def lines(*rows: object) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


class Built:
    """What a build left in its folder."""

    def __init__(self, result: Result, folder: Path) -> None:
        self.result = result
        self.folder = folder
        with Workspace(folder) as workspace:
            self.texts = {i.document.id: i.document.text for i in workspace.documents()}
            self.failures: list[Failure] = workspace.failures()

    def tables(self) -> dict[str, list[object]]:
        tables = GraphTables(self.folder / "graph")
        names = ("entities", "statements", "evidence", "documents")
        return {name: tables.read(name).to_pylist() for name in names}


@pytest.fixture
def build(kgb: Run, tmp_path: Path) -> Build:
    """Build a folder of the given files beside a good one; then again, which changes nothing."""
    folder, out, config = tmp_path / "in", tmp_path / "out", tmp_path / "config.yaml"
    folder.mkdir()
    config.write_text('grounding: {dense: "off"}\nstores: []\n')

    def run(name: str | bytes, content: bytes) -> Built:
        (folder / "good.xml").write_bytes(pubmed(*TEXTS[:2], first=100))
        target = os.path.join(os.fsencode(folder), os.fsencode(name))  # noqa: PTH118 - bytes
        with open(target, "wb") as file:  # noqa: PTH123
            file.write(content)
        built = Built(kgb("build", folder, "-o", out, "-c", config), out)
        assert set(built.texts) >= GOOD
        assert "Traceback" not in built.result.err
        assert built.result.code == (1 if built.failures else 0)
        again = Built(kgb("build", folder, "-o", out, "-c", config), out)
        assert again.result.code == built.result.code
        assert "nothing to do" in again.result.out
        assert (again.texts, again.failures) == (built.texts, built.failures)
        assert again.tables() == built.tables()
        return built

    return run


def only_failure(built: Built, *, others: bool = False) -> Failure:
    """Return the one failure, which the command has printed with its file."""
    if not others:
        assert len(built.failures) == 1, built.failures
    failure = built.failures[0]
    assert Path(failure.source.split("!")[0]).name in built.result.err
    assert failure.reason.split("\n")[0] in built.result.err
    return failure


@pytest.mark.parametrize("verbose", [False, True])
def test_what_nobody_foresaw_is_one_line(verbose: bool) -> None:
    script = (
        "import kgbuild.config\n"
        "def mistake(*_): raise TypeError('no [bold]such\\nthing')\n"
        "kgbuild.config.to_yaml = mistake\n"
        "from kgbuild.cli import main\n"
        "main()\n"
    )
    arguments = [*(["-v"] if verbose else []), "config", "show"]
    shown = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert (shown.returncode, shown.stdout) == (2, "")
    last = shown.stderr.splitlines()[-1]
    assert last.startswith("error: unexpected, TypeError: no [bold]such thing")
    assert ("Traceback" in shown.stderr) == verbose
    assert ("run with -v" in last) == (not verbose)
    assert verbose or len(shown.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("encoding: latin-99", "unknown encoding 'latin-99'"),
        ("opened: 1", "'opened' is no option"),
        ("max_ratio: much", "max_ratio must be a number"),
    ],
)
def test_a_wrong_option_of_reading_is_one_message(
    kgb: Run, tmp_path: Path, options: str, said: str
) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Aspirin inhibits PTGS1."}\n')
    (tmp_path / "c.yaml").write_text(f"reading: {{options: {{{options}}}}}\n")
    built = kgb("build", tmp_path / "a.jsonl", "-o", tmp_path / "out", "-c", tmp_path / "c.yaml")
    assert built.code == 2
    assert said in built.err


def test_xml_that_is_cut_off_costs_only_its_last_record(build: Build) -> None:
    built = build("cut.xml", pubmed(*TEXTS)[:-130])
    assert set(built.texts) == GOOD | {"PMID:1", "PMID:2"}
    failure = only_failure(built, others=True)
    assert (failure.document, "line 5" in failure.place) == ("PMID:3", True)
    assert "cut off" in failure.reason


def test_gzip_that_is_cut_off_gives_what_precedes(build: Build) -> None:
    numbered = [f"{text} Case {n}." for n in range(60) for text in TEXTS]
    built = build("cut.xml.gz", gzip.compress(pubmed(*numbered))[:-60])
    read = len(set(built.texts) - GOOD)
    assert 0 < read < len(numbered)
    assert any("gzip data is cut off" in failure.reason for failure in built.failures)
    assert all(text.startswith("Title") for text in built.texts.values())


def test_a_text_that_is_cut_off_is_no_document(build: Build) -> None:
    text = "".join(f"{text} Patient {n} did well.\n" for n in range(500) for text in TEXTS)
    built = build("cut.txt.gz", gzip.compress(text.encode())[:-200])
    assert set(built.texts) == GOOD
    assert "cut off" in only_failure(built).reason


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("latin.xml", pubmed("Sjögren.", *TEXTS).decode().encode("latin-1"), "line 3, record 1"),
        ("latin.txt", b"Aspirin inhibits PTGS1.\nSj\xf6gren.", "line 2"),
        ("latin.jsonl", lines({"id": "PMID:7", "text": "Fine."}) + b'{"text": "\xf6"}\n', "line 2"),
    ],
)
def test_a_wrong_encoding_is_said_with_its_place(
    build: Build, name: str, content: bytes, place: str
) -> None:
    failure = only_failure(build(name, content))
    assert failure.place == place
    assert "encoding" in failure.reason or "UTF-8" in failure.reason


def test_utf16_with_its_mark_is_read(build: Build) -> None:
    built = build("wide.txt", "Aspirin inhibits PTGS1 — said Sjögren.".encode("utf-16"))
    assert "Aspirin inhibits PTGS1 — said Sjögren." in built.texts.values()


@pytest.mark.parametrize(
    "entities",
    [
        "<!ENTITY a 'aaaaaaaaaa'>"
        + "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in pairwise("abcdefghi")),
        "<!ENTITY i SYSTEM 'file:///etc/hostname'>",
        "<!ENTITY % x SYSTEM 'http://localhost:1/x.dtd'> %x;",
    ],
)  # fmt: skip
def test_entities_are_neither_expanded_nor_fetched(build: Build, entities: str) -> None:
    started = time.monotonic()
    declaration = f"{XML}<!DOCTYPE PubmedArticleSet [{entities}]>"
    built = build("bomb.xml", pubmed("Before &i; after.", declaration=declaration))
    assert set(built.texts) == GOOD
    assert "entities" in only_failure(built).reason
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.xml", b"", "empty file"),
        ("blank.txt", b" \n\t\n", "white space only"),
        ("binary.xml", bytes(range(256)) * 64, "unknown format"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(100), "unknown format"),
        ("other.xml", b"<recipe><step>Boil.</step></recipe>", "recipe"),
        ("broken.zip", b"PK\x03\x04" + bytes(50), "zip"),
        ("broken.gz", b"\x1f\x8b" + b"garbage" * 9, "gzip"),
    ],
)
def test_a_file_that_is_no_input_is_listed(
    build: Build, name: str, content: bytes, said: str
) -> None:
    built = build(name, content)
    assert set(built.texts) == GOOD
    assert said in only_failure(built, others=True).reason


def test_one_bad_line_costs_one_document(build: Build) -> None:
    rows = [lines({"id": f"PMID:{n}", "text": text}) for n, text in enumerate(TEXTS, 1)]
    built = build("some.jsonl", rows[0] + b'{"id": "PMID:9", "text\n' + rows[1] + rows[2])
    assert set(built.texts) == GOOD | {"PMID:1", "PMID:2", "PMID:3"}
    assert only_failure(built).place == "line 2"


def test_a_zip_bomb_is_stopped_and_its_neighbours_read(build: Build) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", b"a" * 120_000_000)
        archive.writestr("fine.xml", pubmed(*TEXTS))
    built = build("archive.zip", packed.getvalue())
    assert set(built.texts) == GOOD | {"PMID:1", "PMID:2", "PMID:3"}
    failure = only_failure(built)
    assert failure.source.endswith("archive.zip!bomb.txt")
    assert "decompression bomb" in failure.reason


def test_one_id_with_two_texts_keeps_the_first(build: Build) -> None:
    rows = [{"id": "PMID:7", "text": text} for text in TEXTS]
    built = build("twice.jsonl", lines(rows[0], rows[1], rows[0]))
    assert built.texts["PMID:7"] == TEXTS[0]
    failure = only_failure(built)
    assert failure.document == "PMID:7"
    assert "another id" in failure.reason


def test_control_characters_keep_offsets_true(build: Build) -> None:
    text = "Aspirin\x00\x07 \x1b[31minhibits\x85 \ufeffPTGS1.\u2028\ud800 Imatinib inhibits ABL1."
    built = build("control.jsonl", lines({"id": "PMID:7", "text": text}))
    kept = built.texts["PMID:7"]
    assert "\x00" not in kept
    with Workspace(built.folder) as workspace:
        [item] = [i for i in workspace.documents() if i.document.id == "PMID:7"]
    found = {mention.text for mention in item.mentions}
    assert {"Aspirin", "PTGS1", "Imatinib", "ABL1"} <= found
    assert all(kept[m.start : m.end] == m.text for m in item.mentions)


def test_a_name_that_is_no_text_is_escaped(build: Build) -> None:
    built = build(b"caf\xe9.txt", TEXTS[2].encode())
    assert TEXTS[2] in built.texts.values()
    built = build(b"caf\xe8.xml", b"")
    assert built.failures[-1].source.endswith("caf\\xe8.xml")


def test_half_characters_in_memory_are_listed() -> None:
    documents = [
        Document("PMID:1", "Aspirin \ud800 inhibits PTGS1."),
        Document("PMID:2", TEXTS[1], metadata={"title": "\udcff"}),
        Document("PMID:3", TEXTS[2]),
    ]
    config = Config(grounding=GroundingConfig(dense="off"), stores=[])
    with kgbuild.build(documents=documents, config=config) as graph:
        assert graph.documents["id"].tolist() == ["PMID:3"]
        with Workspace(graph.folder) as workspace:
            failures = workspace.failures()
    assert [failure.document for failure in failures] == ["PMID:1", "PMID:2"]
    assert all("surrogate" in failure.reason for failure in failures)


def test_a_million_characters_are_one_document(build: Build) -> None:
    filler = "The patients were seen again after some weeks, and all of them did well. " * 6900
    text = f"{TEXTS[0]} {filler}{TEXTS[1]} {filler}{TEXTS[2]}"
    assert len(text) > 1_000_000
    built = build("long.txt", text.encode())
    with Workspace(built.folder) as workspace:
        [item] = [i for i in workspace.documents() if i.document.id not in GOOD]
    assert item.document.text == text
    assert all(text[m.start : m.end] == m.text for m in item.mentions)
    far = {m.text for m in item.mentions if m.start > 999_000}
    assert {"Imatinib", "ABL1"} <= far
    evidence = [row for row in built.tables()["evidence"] if isinstance(row, dict)]
    for row in evidence:
        if row["document"] == item.document.id:
            assert text[row["start"] : row["end"]] == row["sentence"]
    assert {"Imatinib inhibits ABL1."} <= {row["sentence"] for row in evidence}


@pytest.mark.parametrize("again", [False, True])
def test_a_folder_without_a_readable_file_is_unusable(
    kgb: Run, tmp_path: Path, fast: Path, again: bool
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.xml").write_bytes(b"\0\1\2")
    (folder / "b.xml").write_bytes(b"")
    if again:
        kgb("build", folder, "-o", tmp_path / "out", "-c", fast)
    built = kgb("build", folder, "-o", tmp_path / "out", "-c", fast)
    assert built.code == 2
    assert "no document could be read" in built.err
    assert ".xml" in built.err
