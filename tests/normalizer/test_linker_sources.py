"""What grounding goes by can be switched off, one by one."""

from __future__ import annotations

import pytest
from linked_texts import Similar, document

from kgbuild.normalizer.linker import Linker
from kgbuild.records import (
    Candidate,
    Term,
)


@pytest.mark.parametrize(
    ("source", "text", "category"),
    [
        ("exact", "ASPIRIN", "ChemicalEntity"),
        ("normalized", "type-II diabetes", "Disease"),
        ("rewritten", "recurrent breast cancer", "Disease"),
        ("guards", "diabetes 3", "Disease"),
    ],
)
def test_a_source_is_switched_off(lexicon, schema, source: str, text: str, category: str) -> None:
    near = [Candidate("MESH:D003924", "Diabetes Mellitus, Type 2", 0.97, "dense")]
    dense = Similar({"diabetes 3": near})
    whole = Linker(lexicon, schema=schema, dense=dense, thresholds={"": 0.8})
    less = Linker(lexicon, schema=schema, dense=dense, thresholds={"": 0.8}, without=[source])
    found = [bool(linker.resolve(text, category).best) for linker in (whole, less)]
    assert found == ([False, True] if source == "guards" else [True, False])


def test_abbreviations_are_switched_off(lexicon, schema) -> None:
    linker = Linker(lexicon, schema=schema, without=["abbreviations"])
    text = document(("MS", "Disease"), short="MS", long="breast cancer")
    ((grounding,),) = linker.ground([text])
    assert (grounding.curie, grounding.method) == ("MESH:D009103", "exact")


@pytest.mark.parametrize("kind_first", [True, False])
def test_a_name_without_its_kind_is_the_one_of_its_document(make_lexicon, schema, kind_first):
    terms = [Term("D:1", "von Willebrand disease", "Disease"), Term("D:2", "Crohn", "Disease")]
    terms += [Term("D:3", "Crohn disease", "Disease"), Term("D:4", "IgA nephropathy", "Disease")]
    lexicon = make_lexicon(terms)
    names = ["von Willebrand", "Crohn", "nephropathy", "IgA nephropathy"]
    whole = ["von Willebrand disease", "Crohn disease"]
    texts = whole + names if kind_first else names + whole
    text = document(*((name, "Disease") for name in texts), ("von Willebrand", "Gene"))

    def found(**options: object) -> dict[tuple[str, str], tuple[str, str]]:
        (groundings,) = Linker(lexicon, schema=schema, **options).ground([text])
        return {
            (m.text, m.category): (g.curie, g.method)
            for m, g in zip(text.mentions, groundings, strict=True)
        }

    remembered = found()
    assert remembered["von Willebrand", "Disease"] == ("D:1", "memory")
    assert remembered["Crohn", "Disease"] == ("D:2", "exact")
    assert remembered["nephropathy", "Disease"] == ("", "nil")
    assert remembered["von Willebrand", "Gene"] == ("", "nil")
    less = found(without=["memory", "ngrams"])
    assert less["von Willebrand", "Disease"] == ("", "nil")
