from __future__ import annotations

import pytest
from small_vocabularies import term

from kgbuild.normalizer.composites import splits
from kgbuild.normalizer.expansion import defined_beside, expanded
from kgbuild.normalizer.linker import Linker
from kgbuild.normalizer.species import SpeciesOfText
from kgbuild.records import Abbreviation, AnnotatedDocument, Document, Mention

TERMS = [
    term("X:1", "breast cancer", "Disease"),
    term("X:2", "ovarian cancer", "Disease"),
    term("X:3", "head and neck cancer", "Disease"),
    term("X:4", "glucose-6-phosphate dehydrogenase deficiency", "Disease"),
    term("X:5", "myotonic dystrophy", "Disease"),
    term("X:6", "type 1 diabetes", "Disease"),
    term("X:7", "type 2 diabetes", "Disease"),
    term("HGNC:1", "BRCA1", "Gene"),
    term("HGNC:2", "BRCA2", "Gene"),
    term("HGNC:3", "TP53", "Gene"),
    term("MGI:3", "Tp53", "Gene"),
]


@pytest.fixture(scope="module")
def linker(make_lexicon, schema) -> Linker:
    return Linker(make_lexicon(TERMS), schema=schema)


def grounded(linker: Linker, text: str, name: str, category: str, **more: object) -> list[str]:
    start = text.index(name)
    mention = Mention("PMID:1", start, start + len(name), name, category)
    document = AnnotatedDocument(Document("PMID:1", text), mentions=(mention,), **more)
    ((*groundings,),) = linker.ground([document])
    assert {g.mention for g in groundings} == {mention.id}
    return [g.curie for g in groundings]


@pytest.mark.parametrize(
    ("name", "category", "curies"),
    [
        ("BRCA1/2", "Gene", ["HGNC:1", "HGNC:2"]),
        ("BRCA1 and BRCA2", "Gene", ["HGNC:1", "HGNC:2"]),
        ("BRCA1 and -2", "Gene", ["HGNC:1", "HGNC:2"]),
        ("breast and ovarian cancer", "Disease", ["X:1", "X:2"]),
        ("breast/ovarian cancers", "Disease", ["X:1", "X:2"]),
        ("type I and II diabetes", "Disease", ["X:6", "X:7"]),
        ("type 1 or type 2 diabetes", "Disease", ["X:6", "X:7"]),
        ("head and neck cancer", "Disease", ["X:3"]),
        ("breast and unheard-of cancer", "Disease", [""]),
        ("breast cancer and breast cancers", "Disease", [""]),
    ],
)
def test_a_name_of_several_things_has_an_identifier_for_each(linker, name, category, curies):
    assert grounded(linker, f"We studied {name}.", name, category) == curies
    found = linker.resolve_all(name, category)
    assert [r.best.curie if r.best else "" for r in found] == curies


def test_composites_and_species_are_switched_off(make_lexicon, schema):
    linker = Linker(make_lexicon(TERMS), schema=schema, without=["composites", "species"])
    assert grounded(linker, "We studied BRCA1/2.", "BRCA1/2", "Gene") == [""]
    assert len(linker.resolve_all("BRCA1/2", "Gene")) == 1
    assert grounded(linker, "Loss of TP53 in mice.", "TP53", "Gene") == ["HGNC:3"]


def test_what_cannot_be_taken_apart_gives_nothing():
    for text in ("", "asthma", "and", "/", "1/2", "," * 300, "a and " * 100):
        assert list(splits(text)) == []


def test_short_forms_inside_a_name_are_written_out(linker):
    long = "glucose-6-phosphate dehydrogenase"
    defined = (Abbreviation("G6PD", long, 0, 0),)
    text = "Children with G6PD deficiency."
    assert grounded(linker, text, "G6PD deficiency", "Disease", abbreviations=defined) == ["X:4"]
    assert grounded(linker, text, "G6PD deficiency", "Disease") == [""]
    assert expanded("G6PDX deficiency", {"G6PD": long}) == "G6PDX deficiency"


def test_a_bracket_behind_a_mention_defines_a_short_form():
    text = "In myotonic dystrophy (DM) and asthma (FEV1), DM is"
    mentions = [
        Mention("d", 3, 21, "myotonic dystrophy", "Disease"),
        Mention("d", 31, 37, "asthma", "Disease"),
    ]
    assert defined_beside(text, mentions) == {"DM": "myotonic dystrophy"}


@pytest.mark.parametrize(
    ("text", "curie"),
    [
        ("TP53 is mutated in patients.", "HGNC:3"),
        ("Loss of TP53 in mice.", "MGI:3"),
        ("TP53 was lost.", "HGNC:3"),
        ("TP53 was lost. We used a mouse model. Mice died.", "MGI:3"),
    ],
)
def test_the_species_that_a_text_speaks_of_decides_the_gene(linker, text, curie):
    assert grounded(linker, text, "TP53", "Gene") == [curie]


def test_the_species_named_nearest_in_the_sentence_counts():
    text = "In mice Tp53 was deleted, in patients TP53 was mutated."
    species = SpeciesOfText(text)
    assert species.at(text.index("Tp53"), 4) == "mouse"
    assert species.at(text.index("TP53"), 4) == "human"


def test_a_variant_without_identifier_is_called_by_its_normal_form(linker):
    mention = Mention("PMID:1", 0, 5, "V600E", "SequenceVariant")
    document = AnnotatedDocument(Document("PMID:1", "V600E"), mentions=(mention,))
    ((grounding,),) = linker.ground([document])
    assert (grounding.curie, grounding.name) == ("", "p.Val600Glu")
    assert "reference sequence" in grounding.reason
