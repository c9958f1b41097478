from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from kgbuild.evaluation.by_name import ByName, training_ids
from kgbuild.normalizer.build import build_lexicon
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.normalizer.linker import Linker
from kgbuild.ontologies import open_vocabulary
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Document, Grounding, Mention

ROWS = """id\tname\tcategory\tsynonyms
MESH:D1\tGrey-Hill disease\tDisease\t
OMIM:1\tGREY HILL DISEASE\tDisease\tGHD one
MESH:D2\tbreast cancer\tDisease\t
MESH:D3\tovarian cancer\tDisease\t
MESH:D4\thereditary breast and ovarian cancer\tDisease\t
"""


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    folder: Path = tmp_path_factory.mktemp("by_name")
    (folder / "names.tsv").write_text(ROWS)
    schema = Schema.load()
    build_lexicon([open_vocabulary(folder / "names.tsv")], folder / "lexicon", schema=schema)
    return Linker(Lexicon.open(folder / "lexicon"), schema=schema)


def counted(
    linker: Linker, text: str, *gold: str, taught: Mapping[str, Collection[str]] | None = None
) -> list[str]:
    mention = Mention("d", 0, len(text), text, "Disease")
    item = AnnotatedDocument(Document("d", text), mentions=(mention,))
    [made] = linker.ground([item])
    wanted = [Grounding(mention.id, own, "", "Disease", 1.0, "given") for own in gold]
    by_name = ByName(linker, xrefs=lambda _: (), taught=taught or {}, k=5)
    [done] = by_name.count(
        [replace(item, groundings=tuple(wanted))], [replace(item, groundings=made)]
    )
    return [own.candidates[0].curie for own in done.groundings]


def test_a_candidate_stands_for_every_term_of_its_name(linker: Linker) -> None:
    assert counted(linker, "Grey-Hill disease", "OMIM:1") == ["OMIM:1"]
    assert counted(linker, "Grey-Hill disease", "MESH:D1") == ["MESH:D1"]
    assert counted(linker, "Grey-Hill disease", "OMIM:7") == ["MESH:D1"]
    assert counted(linker, "GHD one", "MESH:D1") == ["OMIM:1"]  # another name than the shared one


def test_names_of_training_documents_count_with_all_their_identifiers(linker: Linker) -> None:
    mention = Mention("t", 0, 13, "Breast cancer", "Disease")
    ids = [Grounding(mention.id, c, "", "Disease", 1.0, "given") for c in ("X:1", "X:2")]
    document = Document("t", "Breast cancer")
    train = AnnotatedDocument(document, mentions=(mention,), groundings=tuple(ids))
    taught = training_ids([train])
    assert taught == {"breast cancer": {"X:1", "X:2"}}
    assert training_ids([train], leave_out=["t"]) == {}
    assert counted(linker, "breast cancer", "X:2", taught=taught) == ["X:2"]
    assert counted(linker, "breast cancer", "X:2") == ["MESH:D2"]


def test_only_what_has_several_identifiers_is_taken_apart(linker: Linker) -> None:
    text = "breast and ovarian cancer"
    assert counted(linker, text, "MESH:D2", "MESH:D3") == ["MESH:D2", "MESH:D3"]
    assert len(counted(linker, text, "MESH:D4")) == 1
