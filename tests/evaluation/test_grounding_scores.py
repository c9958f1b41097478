from __future__ import annotations

import io

import pytest

from kgbuild.evaluation.grounding import (
    DocumentId,
    Ranked,
    count_hits,
    count_identifiers,
    document_identifiers,
    is_hit,
    ranking_of,
)
from kgbuild.evaluation.mentions import MICRO
from kgbuild.evaluation.score import Score, harmonic, total
from kgbuild.readers import READERS
from kgbuild.records import AnnotatedDocument, Candidate, Grounding


def one(gold: str, *parts: str) -> Ranked:
    """``"A B"`` lists identifiers, or candidates of a part."""
    return Ranked("d", "Disease", tuple(gold.split()), tuple(tuple(p.split()) for p in parts))


@pytest.mark.parametrize(
    ("ranked", "k", "right"),
    [
        (one("A", "A B C"), 1, True),
        (one("A", "B A C"), 1, False),
        (one("A", "B A C"), 5, True),
        (one("A", "B C D E F A"), 5, False),
        (one("A"), 1, False),  # nothing found
        (one("A", ""), 1, False),
        # A composite name that was not split: BioSyn asks for one of its identifiers.
        (one("A B", "B C"), 1, True),
        # Split into parts, each must have one.
        (one("A B", "A C", "B"), 1, True),
        (one("A B", "A C", "D B"), 1, False),
        (one("A B", "A C", "D B"), 2, True),
        (one("A B", "A", ""), 5, False),
    ],
)
def test_hits_as_biosyn_counts_them(ranked: Ranked, k: int, right: bool) -> None:
    assert is_hit(ranked, k=k) is right


@pytest.mark.parametrize(
    ("ranked", "k", "right"),
    [
        (one("A B", "B C"), 1, False),
        (one("A B", "B A"), 2, True),
        (one("A B", "A", "B"), 1, True),
        (one("A B", "A", "A"), 1, False),
        (one("A", "A"), 1, True),
    ],
)
def test_every_asks_for_all_identifiers_of_a_composite(ranked: Ranked, k: int, right: bool) -> None:
    assert is_hit(ranked, k=k, every=True) is right


def test_alternative_identifiers_count_for_what_was_predicted() -> None:
    medic = {"C567755": ("613097",)}
    assert is_hit(one("613097", "C567755"), alternatives=medic)
    assert not is_hit(one("613097", "C565588"), alternatives=medic)
    assert not is_hit(one("613097", "C567755"))
    counts = count_hits([one("613097", "X C567755")], k=1, alternatives=medic)
    assert total(counts)[MICRO].recall == 0.0
    assert total(count_hits([one("613097", "X C567755")], k=5, alternatives=medic))[MICRO].f1 == 1.0


def test_accuracy_leaves_out_mentions_without_a_gold_identifier() -> None:
    mentions = [one("A", "A"), one("A", "B"), one("B"), one("", "A")]
    score = total(count_hits(mentions, documents=["e"]))["Disease"]
    assert score == Score(gold=3, found=2, right=1, covered=1)
    assert score.recall == pytest.approx(1 / 3)


def test_a_ranking_has_the_decision_first_and_counts_candidates_of_nil() -> None:
    candidates = (Candidate("B", "b", 0.8, "dense"), Candidate("A", "a", 0.7, "dense"))
    decided = Grounding("m", "A", "a", "Disease", 0.9, "exact", candidates=candidates)
    nil = Grounding("m", "", "", "Disease", 0.0, "nil", "below", candidates)
    assert ranking_of(decided) == ("A", "B")
    assert ranking_of(nil) == ("B", "A")
    assert (ranking_of(decided, decided=True), ranking_of(nil, decided=True)) == (("A",), ())


# The README of BC5CDR says how its baselines were scored: by document, each identifier once,
# "-1" no identifier, the parts of "A|B" one by one. DNorm's output isn't there, so the same
# arithmetic is done here by hand on documents of our own.
GOLD = """1|t|Anaemia and visual or auditory toxicity.
1|a|Anaemia recurred; malaise.
1\t0\t7\tAnaemia\tDisease\tD000740
1\t12\t39\tvisual or auditory toxicity\tDisease\tD014786|D006311
1\t41\t48\tAnaemia\tDisease\tD000740
1\t59\t66\tmalaise\tDisease\t-1

2|t|Fever.
2|a|Cough and fever.
2\t0\t5\tFever\tDisease\tD005334
2\t7\t12\tCough\tDisease\tD003371
"""
FOUND = """1|t|Anaemia and visual or auditory toxicity.
1|a|Anaemia recurred; malaise.
1\t0\t7\tAnaemia\tDisease\tMESH:D000740
1\t19\t39\tor auditory toxicity\tDisease\tD006311
1\t59\t66\tmalaise\tDisease\tD005221

2|t|Fever.
2|a|Cough and fever.
2\t17\t22\tfever\tDisease\tD005334
2\t7\t12\tCough\tDisease\tD006311
"""


def read(text: str) -> list[AnnotatedDocument]:
    items = READERS["pubtator"]().read(io.BytesIO(text.encode()), source="f")
    return [item for item in items if isinstance(item, AnnotatedDocument)]


def test_document_identifiers_by_hand_as_the_readme_of_bc5cdr_counts() -> None:
    gold, found = document_identifiers(read(GOLD)), document_identifiers(read(FOUND))
    # gold: 1 {anaemia, visual, auditory}, 2 {fever, cough}
    # found: 1 {anaemia, auditory, fatigue}, 2 {fever, auditory}
    score = total(count_identifiers(gold, found))[MICRO]
    assert score == Score(gold=5, found=5, right=3, covered=3)
    assert (score.precision, score.recall, round(score.f1, 4)) == (0.6, 0.6, 0.6)


def test_f1_is_that_of_dnorms_published_precision_and_recall() -> None:
    assert harmonic(0.8101, 0.8023) == pytest.approx(0.8062, abs=5e-5)


def test_identifiers_of_other_categories_are_left_out() -> None:
    gold = [DocumentId("1", "Disease", "A")]
    found = [DocumentId("1", "Disease", "A"), DocumentId("1", "Gene", "A")]
    assert total(count_identifiers(gold, found)) == {"Disease": Score(1, 1, 1, 1),
                                                    MICRO: Score(1, 1, 1, 1)}  # fmt: skip
    assert document_identifiers(read(GOLD), categories=["Gene"]) == set()
