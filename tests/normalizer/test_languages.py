from __future__ import annotations

from pathlib import Path

import pytest

from kgbuild.components import make_components, prepare
from kgbuild.config import Config
from kgbuild.normalizer.plurals import plural_name
from kgbuild.records import AnnotatedDocument, Document
from kgbuild.stages import run_stage, stages

NAMES = """id\tname\tcategory\tname@fr\tsynonyms@es\tname@it
HP:0002315\tHeadache\tPhenotypicFeature\tcéphalée\tcefalea|dolor de cabeza\tcefalea
HP:0001945\tFever\tPhenotypicFeature\tfièvre\tfiebre\tfebbre
MONDO:0005275\tpneumonia\tDisease\tpneumonie\tneumonía\tpolmonite
MONDO:0005247\turinary tract infection\tDisease\tinfection urinaire\tinfección urinaria\t\
infezione urinaria
MONDO:0004979\tasthma\tDisease\tasthme\tasma\tasma
"""
CATALOGUE = """\
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgctxt "model:gnuhealth.pathology,name:A010"
msgid "Typhoid fever"
msgstr "Fièvre typhoïde"

msgctxt "model:gnuhealth.pathology,name:D649"
msgid "Anaemia, unspecified"
msgstr "Anémie, sans précision"

#, fuzzy
msgctxt "model:gnuhealth.pathology,name:R51"
msgid "Headache"
msgstr "Mal de mer"

msgctxt "model:gnuhealth.pathology,name:J20"
msgid ""
"Acute "
"bronchitis"
msgstr ""
"Bronchite "
"aiguë"

msgctxt "model:gnuhealth.pathology.category,name:icdcat1-1"
msgid "Diseases of the blood"
msgstr "Maladies du sang"
"""


def grounded(texts: list[str], vocabularies: list[str], languages: list[str]) -> list[set[str]]:
    """Return the identifiers found in each text, from raw text to grounding."""
    config = Config.model_validate(
        {
            "vocabularies": vocabularies, "languages": languages, "relations": [],
            "recognizers": [{"type": "dictionary"}], "grounding": {"dense": "off"},
        }
    )  # fmt: skip
    components = make_components(prepare(config))
    batch = [AnnotatedDocument(Document(f"t:{n}", text)) for n, text in enumerate(texts)]
    for stage in stages(components):
        if stage.name in ("segment", "recognize", "ground"):
            batch, failures, _ = run_stage(stage, batch)
            assert not failures
    return [{g.curie for g in item.groundings if g.curie} for item in batch]


@pytest.fixture
def names(tmp_path: Path) -> str:
    path = tmp_path / "names.tsv"
    path.write_text(NAMES, "utf-8")
    return str(path)


def test_texts_in_four_languages_have_the_same_identifiers(names: str) -> None:
    texts = [
        "The patient had a headache and fever; pneumonia was found, no asthma.",
        "Le patient avait de la fièvre et une céphalée; une pneumonie fut trouvée, pas d'asthme.",
        "El paciente tenía fiebre y dolor de cabeza; se halló una neumonía, sin asma.",
        "Il paziente aveva febbre e cefalea; fu trovata una polmonite, non l'asma.",
    ]
    english, *others = grounded(texts, [names], ["en", "fr", "es", "it"])
    assert english == {"HP:0002315", "HP:0001945", "MONDO:0005275", "MONDO:0004979"}
    assert others == [english] * 3


def test_names_of_languages_that_are_not_chosen_are_not_found(names: str) -> None:
    texts = ["Le patient avait de la fièvre.", "Tenía fiebre.", "He had a fever."]
    assert grounded(texts, [names], ["en"]) == [set(), set(), {"HP:0001945"}]
    assert grounded(texts, [names], ["fr"]) == [{"HP:0001945"}, set(), set()]


def test_a_name_of_two_languages_is_found_in_each(names: str) -> None:
    for language in ("es", "it"):
        assert grounded(["Asma, cefalea."], [names], [language]) == [
            {"MONDO:0004979", "HP:0002315"}
        ]


def test_plurals_of_other_languages_are_found(names: str) -> None:
    texts = [
        "Des infections urinaires et des céphalées.",
        "Infecciones urinarias, dolores de cabeza y neumonías.",
        "Infezioni urinarie, polmoniti e cefalee.",
    ]
    assert grounded(texts, [names], ["fr", "es", "it"]) == [
        {"MONDO:0005247", "HP:0002315"},
        {"MONDO:0005247", "HP:0002315", "MONDO:0005275"},
        {"MONDO:0005247", "HP:0002315", "MONDO:0005275"},
    ]


@pytest.mark.parametrize(
    ("name", "language", "plural"),
    [
        ("tumor maligno", "es", "tumores malignos"),
        ("cicatriz", "es", "cicatrices"),
        ("tumeur cérébrale", "fr", "tumeurs cérébrales"),
        ("lésion de la peau", "fr", "lésions de la peau"),
        ("infecção", "pt-br", "infecções"),
        ("emorragia", "it", "emorragie"),
        ("diabete di tipo 2", "it", "diabeti di tipo 2"),
        ("VIH", "fr", ""),
        ("Fraktur", "de", ""),
        ("", "es", ""),
    ],
)
def test_plural_names(name: str, language: str, plural: str) -> None:
    assert plural_name(name, language) == plural


def test_a_catalogue_of_icd_10_holds_two_languages(tmp_path: Path) -> None:
    path = tmp_path / "fr.po"
    path.write_text(CATALOGUE, "utf-8")
    from kgbuild.ontologies import open_vocabulary

    vocabulary = open_vocabulary(str(path), category="Disease")
    assert vocabulary.format == "gettext"
    terms = list(vocabulary.terms())
    found = {t.id.rpartition(":")[2]: (t.name, [(s.text, s.language) for s in t.synonyms])
             for t in terms}  # fmt: skip
    assert found == {
        "A01.0": ("Typhoid fever", [("Fièvre typhoïde", "fr")]),
        "D64.9": ("Anaemia, unspecified", [("Anémie, sans précision", "fr")]),
        "R51": ("Headache", []),
        "J20": ("Acute bronchitis", [("Bronchite aiguë", "fr")]),
    }
    path.write_text(CATALOGUE.replace("Anémie, sans", "Anémie,\u2028sans"), "utf-8")
    terms = open_vocabulary(str(path), category="Disease").terms()
    assert "Anémie, sans précision" in [s.text for t in terms for s in t.synonyms]
    path.write_text(CATALOGUE.replace('"Maladies du sang"', '"Maladies "du" sang"'), "utf-8")
    [broken] = open_vocabulary(str(path), category="Disease").terms()
    assert "unescaped double quote" in broken.reason
    assert broken.place == "line 27"
