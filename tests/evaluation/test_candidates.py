from __future__ import annotations

from pathlib import Path

import pytest

from kgbuild.evaluation.candidates import Completion
from kgbuild.normalizer.build import build_lexicon
from kgbuild.normalizer.index import DenseIndex
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.normalizer.linker import Linker
from kgbuild.ontologies import open_vocabulary
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Document, Mention
from kgbuild.testing import HashingEncoder
from kgbuild.text import segment

NAMES = "".join(
    f"X:{number}\t{name}\tDisease\n"
    for number, name in enumerate(
        ["asthma", "asthma, nasal polyps", "exercise-induced asthma", "occupational asthma",
         "brittle asthma", "asthmatic bronchitis", "fracture"], start=1,
    )
)  # fmt: skip


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    folder: Path = tmp_path_factory.mktemp("candidates")
    (folder / "names.tsv").write_text("id\tname\tcategory\n" + NAMES)
    schema = Schema.load()
    build_lexicon([open_vocabulary(folder / "names.tsv")], folder / "lexicon", schema=schema)
    lexicon = Lexicon.open(folder / "lexicon")
    dense = DenseIndex(
        lexicon.each_name, HashingEncoder(dimension=64), folder=folder / "index",
        lexicon=lexicon.fingerprint,
    )  # fmt: skip
    return Linker(lexicon, schema=schema, dense=dense, thresholds={"": 0.5})


def linked(linker: Linker, text: str, *spans: tuple[int, int]) -> AnnotatedDocument:
    from dataclasses import replace

    mentions = tuple(Mention("d", a, b, text[a:b], "Disease") for a, b in spans)
    [item] = segment([AnnotatedDocument(Document("d", text), mentions=mentions)])
    [groundings] = linker.ground([item])
    return replace(item, groundings=groundings)


def test_equal_names_get_similar_ones_behind_them(linker: Linker) -> None:
    item = linked(linker, "Asthma.", (0, 6))
    [before] = item.groundings
    assert [c.curie for c in before.candidates] == ["X:1"]
    [whole] = Completion(linker, k=5).complete([item])
    [after] = whole.groundings
    assert after.curie == "X:1" and len(after.candidates) == 5
    assert after.candidates[0] == before.candidates[0]
    assert "X:7" not in [c.curie for c in after.candidates]  # a fracture is least like it


def test_an_abbreviation_is_asked_for_by_what_it_stands_for(linker: Linker) -> None:
    item = linked(linker, "Exercise-induced asthma (EIA). EIA is common.", (31, 34))
    [whole] = Completion(linker, k=5).complete([item])
    [after] = whole.groundings
    assert after.curie == "X:3" and len(after.candidates) == 5


def test_enough_candidates_stay_as_they_are(linker: Linker) -> None:
    item = linked(linker, "Asthma.", (0, 6))
    assert Completion(linker, k=1).complete([item]) == [item]
