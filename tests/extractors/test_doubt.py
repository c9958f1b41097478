from __future__ import annotations

import pytest

from kgbuild.components import check, make_components, prepare
from kgbuild.config import Config
from kgbuild.errors import ConfigError
from kgbuild.records import AnnotatedDocument, Document, Mention
from kgbuild.stages import Components
from kgbuild.text import segment

TERMS = """id\tname\tcategory
X:1\tdrinking water\tChemicalEntity
X:2\tanalgesic\tDrug
X:3\tcommon cold\tDisease
X:4\tZX-4471\tChemicalEntity
X:5\trecurrence\tDisease
X:6\tlead author\tProcedure
"""
DOUBTFUL = "The tablets were taken with drinking water. Survival without recurrence was longer."


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("doubt") / "terms.tsv"
    file.write_text(TERMS, "utf-8")
    return str(file)


def made(vocabulary: str, **changes: object) -> Components:
    settings = {"vocabularies": [vocabulary], "grounding": {"dense": "off"}, "relations": []}
    return make_components(prepare(Config.model_validate(settings | changes)))


def found(components: Components, text: str) -> list[Mention]:
    item = segment([AnnotatedDocument(Document("X:1", text))])
    return list(components.recognizer.recognize(item)[0])


def words(components: Components, text: str) -> list[tuple[str, str]]:
    return [(m.text, m.category) for m in found(components, text)]


@pytest.mark.parametrize("merge", ["priority", "longest", "union"])
def test_a_name_is_a_mention_only_where_the_model_can_imagine_one(
    vocabulary: str, merge: str
) -> None:
    components = made(vocabulary, merge=merge)
    assert words(components, DOUBTFUL) == []
    assert ("common cold", "Disease") in words(components, "The common cold was treated.")
    assert ("ZX-4471", "ChemicalEntity") in words(components, "Mice were given ZX-4471.")


def test_categories_that_are_not_named_are_never_doubted(vocabulary: str) -> None:
    asked = made(vocabulary)
    assert ("lead author", "Procedure") in words(asked, "The lead author agreed.")
    recognizers = [{"type": "tagger"}, {"type": "dictionary", "plausible": {}}]
    assert words(made(vocabulary, recognizers=recognizers), DOUBTFUL) == [
        ("drinking water", "ChemicalEntity"),
        ("recurrence", "Disease"),
    ]
    recognizers = [{"type": "tagger"}, {"type": "dictionary", "plausible": {"Disease": 0.005}}]
    assert words(made(vocabulary, recognizers=recognizers), DOUBTFUL) == [
        ("drinking water", "ChemicalEntity")
    ]


def test_without_a_tagger_nothing_is_asked(vocabulary: str) -> None:
    components = made(vocabulary, recognizers=[{"type": "dictionary"}, {"type": "variants"}])
    assert ("drinking water", "ChemicalEntity") in words(components, DOUBTFUL)


def test_what_is_asked_belongs_to_the_name_of_the_whole(vocabulary: str) -> None:
    first, second = (
        made(vocabulary, recognizers=[{"type": "tagger"}, {"type": "dictionary", "plausible": p}])
        for p in ({"ChemicalEntity": 0.1}, {"ChemicalEntity": 0.2})
    )
    assert first.recognizer.name != second.recognizer.name


def test_a_mention_that_no_word_of_the_text_carries_is_left_out(vocabulary: str) -> None:
    tagger = made(vocabulary, recognizers=[{"type": "tagger"}]).recognizer
    item = segment([AnnotatedDocument(Document("X:1", "The level of lithium fell."))])
    asked = [(13, 20, "ChemicalEntity"), (12, 13, "ChemicalEntity"), (13, 20, "Disease")]
    _, [(drug, space, disease)] = tagger.recognize_and_judge(item, [asked])  # type: ignore[attr-defined]
    assert drug > 0.9
    assert space == 0
    assert disease < drug


def test_an_unknown_category_is_refused(vocabulary: str) -> None:
    recognizers = [{"type": "dictionary", "plausible": {"Chemical": 0.1, "Diseese": 0.1}}]
    config = Config.model_validate({"vocabularies": [vocabulary], "recognizers": recognizers})
    with pytest.raises(ConfigError, match=r"Diseese.*did you mean 'Disease'"):
        check(config)


def test_antibodies_are_drugs(vocabulary: str) -> None:
    text = "Trastuzumab binds HER2, and adalimumab and infliximab bind TNF."
    by_words = dict(words(made(vocabulary, recognizers=[{"type": "tagger"}]), text))
    drugs = {"Trastuzumab", "adalimumab", "infliximab"}
    assert {by_words[name] for name in drugs} == {"ChemicalEntity"}
    assert by_words["HER2"] == "Gene"
