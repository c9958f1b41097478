from __future__ import annotations

import pytest

from kgbuild.normalizer.induced import tells_of_induction
from kgbuild.normalizer.linker import Linker
from kgbuild.records import AnnotatedDocument, Document, Mention, Synonym, Term

TERMS = [
    Term("D:1", "Dyskinesias", "Disease"),
    Term("D:2", "Dyskinesia, Drug-Induced", "Disease", parents=("D:1",)),
    Term("D:3", "Hypersensitivity", "Disease", synonyms=(Synonym("allergic reaction"),)),
    Term("D:4", "Drug Hypersensitivity", "Disease"),
    Term("D:5", "asthma", "Disease"),
    Term("C:1", "levodopa", "ChemicalEntity"),
]


def document(text: str, **names: str) -> AnnotatedDocument:
    mentions = tuple(
        Mention("d", text.index(name), text.index(name) + len(name), name, category)
        for category, name in names.items()
    )
    return AnnotatedDocument(Document("d", text), mentions=mentions)


@pytest.mark.parametrize(
    ("name", "text", "meant"),
    [
        ("dyskinesia", "levodopa-induced dyskinesia", "D:2"),
        ("dyskinesia", "dyskinesia induced by levodopa", "D:2"),
        ("dyskinesia", "levodopa for dyskinesia", "D:1"),
        ("allergic reaction", "levodopa-induced allergic reaction", "D:4"),
        ("asthma", "levodopa-induced asthma", "D:5"),
    ],
)
def test_what_a_chemical_induces_is_the_drug_induced_disease(
    make_lexicon, schema, name: str, text: str, meant: str
) -> None:
    item = document(text, ChemicalEntity="levodopa", Disease=name)
    [(_, found)] = Linker(make_lexicon(TERMS), schema=schema).ground([item])
    assert found.curie == meant
    [(_, found)] = Linker(make_lexicon(TERMS), schema=schema, without=["induced"]).ground([item])
    assert found.curie in {"D:1", "D:3", "D:5"}


def test_exercise_induces_no_drug_disease(make_lexicon, schema) -> None:
    item = document("exercise-induced dyskinesia", Disease="dyskinesia")
    assert not tells_of_induction(item, schema)
    [[found]] = Linker(make_lexicon(TERMS), schema=schema).ground([item])
    assert found.curie == "D:1"


def test_a_chemical_is_never_what_is_induced(make_lexicon, schema):
    terms = [
        Term("MESH:D004298", "Dopamine", "ChemicalEntity"),
        Term("MESH:D015259", "Drug Dopamine", "ChemicalEntity"),
    ]
    item = document("levodopa-induced release of dopamine", ChemicalEntity="dopamine")
    [(found,)] = Linker(make_lexicon(terms), schema=schema).ground([item])
    assert found.curie == "MESH:D004298"
