"""Names that no ontology should have, and that some file has."""

from __future__ import annotations

from pathlib import Path

from kgbuild.ontologies import open_vocabulary
from kgbuild.records import Failure, Synonym, Term


def read(file: Path) -> tuple[list[Term], list[Failure]]:
    items = list(open_vocabulary(str(file), category="Disease").terms())
    return (
        [item for item in items if isinstance(item, Term)],
        [item for item in items if isinstance(item, Failure)],
    )


def test_control_characters_are_taken_out_and_told(tmp_path: Path) -> None:
    file = tmp_path / "odd.tsv"
    file.write_text(
        "id\tname\tsynonyms\nX:1\tred\x07 fever\tscarlet\x1b fever|\x01\x02|plain\nX:2\t\x08\t\n",
        encoding="utf-8",
    )
    terms, failures = read(file)
    assert [(term.id, term.name) for term in terms] == [("X:1", "red fever")]
    assert terms[0].synonyms == (Synonym("scarlet fever"), Synonym("plain"))
    assert [failure.place for failure in failures] == ["X:1", "X:2", "X:2"]
    assert "control characters in 3 of its names" in failures[0].reason
