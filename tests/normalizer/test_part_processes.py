"""Vocabularies that are read at once, in processes of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgbuild.errors import VocabularyError
from kgbuild.normalizer import part_processes
from kgbuild.normalizer.build import build_lexicon
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.normalizer.parts import Part, is_kept, read_part
from kgbuild.ontologies import open_vocabulary
from kgbuild.ontologies.schema import Schema
from kgbuild.ontologies.vocabulary import Vocabulary


@pytest.fixture
def vocabularies(tmp_path: Path) -> list[Vocabulary]:
    rows = {"one": "D:1\tasthma\tDisease\tbronchial asthma", "two": "G:1\tBRCA1\tGene\tRNF53"}
    for name, row in rows.items():
        text = f"id\tname\tcategory\tsynonyms\n{row}\n"
        (tmp_path / f"{name}.tsv").write_text(text, "utf-8")
    return [open_vocabulary(tmp_path / f"{name}.tsv") for name in rows]


@pytest.fixture(autouse=True)
def small_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part_processes, "_WORTH_IT", 1)


def test_others_read_and_this_process_finds_it_done(
    vocabularies: list[Vocabulary], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema, parts = Schema.load(), tmp_path / "parts"
    build_lexicon(vocabularies, tmp_path / "alone", schema=schema)

    def kept(vocabulary: Vocabulary, *, schema: Schema, folder: Path, progress: None) -> Part:
        assert is_kept(vocabulary, schema=schema, folder=folder)
        return read_part(vocabulary, schema=schema, folder=folder, progress=progress)

    monkeypatch.setattr(part_processes, "read_part", kept)
    build_lexicon(vocabularies, tmp_path / "both", schema=schema, parts=parts, processes=2)
    one, other = Lexicon.open(tmp_path / "alone"), Lexicon.open(tmp_path / "both")
    assert list(one.each_name()) == list(other.each_name())
    assert len(list(one.each_name())) == 4
    assert not list(parts.glob(".*"))


def test_what_can_not_be_read_is_said(vocabularies: list[Vocabulary], tmp_path: Path) -> None:
    file = tmp_path / "two.tsv"
    file.write_bytes(b"\x1f\x8b not gzip")
    with pytest.raises(VocabularyError, match="two"):
        build_lexicon(vocabularies, tmp_path / "lexicon", schema=Schema.load(), processes=2)


def test_a_folder_that_can_not_be_written_is_done_without(
    vocabularies: list[Vocabulary], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    report = build_lexicon(
        vocabularies, tmp_path / "lexicon", schema=Schema.load(), parts=tmp_path / "file" / "parts"
    )
    assert report.names == 4
