"""Where a convention knows one type only, it has the last word on that type's predicate."""

from __future__ import annotations

from kgbuild.extractors.relation_labels import Convention, RelationLabels
from kgbuild.extractors.relation_units import Layout

PAIR = ("ChemicalEntity", "DiseaseOrPhenotypicFeature")


def test_a_convention_of_one_type_is_the_expert_of_its_predicate() -> None:
    both = Convention(
        "both", ("Up", "Down"), frozenset({PAIR}),
        predicates={"Up": "correlated_with", f"Up {PAIR[0]} {PAIR[1]}": "causes"},
    )  # fmt: skip
    one = Convention("one", ("CID",), frozenset({PAIR}), predicates={"CID": "causes"})
    labels = RelationLabels(Layout(PAIR, frozenset({PAIR})), (both, one))
    assert labels.experts(*PAIR) == {"causes": 1}
    assert labels.experts(PAIR[1], PAIR[0]) == {}
    assert both.predicate("Up", *PAIR) == "causes"
    assert both.general_predicate("Up") == "correlated_with"
    assert both.general_predicate("Down") == "Down"
