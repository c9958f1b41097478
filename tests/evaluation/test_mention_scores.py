from __future__ import annotations

import random

import pytest

from kgbuild.evaluation.mentions import (
    MICRO,
    MentionSpan,
    count_mentions,
    mention_spans,
    score_mentions,
)
from kgbuild.evaluation.score import Score, total
from kgbuild.records import AnnotatedDocument, Document, Mention

GOLD = [
    ("a", 0, 7, "ChemicalEntity"), ("a", 15, 23, "Disease"), ("a", 40, 60, "Disease"),
    ("b", 0, 7, "ChemicalEntity"),
]  # fmt: skip


def test_strict_wants_the_same_document_place_and_category() -> None:
    found = [
        ("a", 0, 7, "ChemicalEntity"),  # right
        ("a", 15, 24, "Disease"),  # one character too long
        ("a", 40, 60, "ChemicalEntity"),  # another category
        ("c", 0, 7, "ChemicalEntity"),  # another document
    ]
    scores = score_mentions(GOLD, found)
    assert list(scores) == ["ChemicalEntity", "Disease", MICRO]
    assert scores["ChemicalEntity"] == Score(gold=2, found=3, right=1, covered=1)
    assert scores["Disease"] == Score(gold=2, found=1, right=0, covered=0)
    assert scores[MICRO] == Score(gold=4, found=4, right=1, covered=1)
    assert (scores[MICRO].precision, scores[MICRO].recall, scores[MICRO].f1) == (0.25, 0.25, 0.25)


def test_overlap_counts_each_side_by_itself() -> None:
    found = [("a", 38, 45, "Disease"), ("a", 50, 62, "Disease"), ("a", 23, 30, "Disease")]
    scores = score_mentions(GOLD, found, match="overlap")
    # Two touch one gold mention; the third begins where a gold mention ends.
    assert scores["Disease"] == Score(gold=2, found=3, right=2, covered=1)


def test_a_long_mention_over_a_short_one_overlaps_what_begins_later() -> None:
    gold = [("a", 0, 100, "X"), ("a", 10, 12, "X")]
    assert score_mentions(gold, [("a", 50, 60, "X")], match="overlap")["X"] == Score(2, 1, 1, 1)


def test_pieces_of_a_discontinuous_mention_count_not_what_lies_between() -> None:
    gold = [MentionSpan("a", 0, 30, "Disease", ((0, 5), (25, 30)))]
    between = [("a", 10, 20, "Disease")]
    assert score_mentions(gold, between, match="overlap")["Disease"].right == 0
    assert score_mentions(gold, [("a", 27, 40, "Disease")], match="overlap")["Disease"].right == 1
    assert score_mentions(gold, [("a", 0, 30, "Disease")])["Disease"].right == 0
    item = AnnotatedDocument(
        Document("a", "x" * 30),
        mentions=(Mention("a", 0, 30, "x" * 30, "Disease", spans=((0, 5), (25, 30))),),
    )
    assert mention_spans([item]) == set(gold)
    assert mention_spans([item], whole=True) == {MentionSpan("a", 0, 30, "Disease")}


def test_what_the_gold_standard_does_not_annotate_is_left_out() -> None:
    found = [("a", 0, 7, "ChemicalEntity"), ("a", 30, 35, "Gene")]
    assert score_mentions(GOLD, found)[MICRO] == Score(4, 1, 1, 1)
    assert score_mentions(GOLD, found, categories=["Gene"]) == {
        "Gene": Score(0, 1, 0, 0), MICRO: Score(0, 1, 0, 0),
    }  # fmt: skip


def test_a_mention_that_is_listed_twice_counts_once() -> None:
    assert score_mentions(GOLD + GOLD, GOLD + GOLD)[MICRO] == Score(4, 4, 4, 4)


def test_nothing_gives_zero_not_an_error() -> None:
    for gold, found in ((GOLD, []), ([], GOLD), ([], [])):
        scores = score_mentions(gold, found)
        assert scores[MICRO].f1 == scores[MICRO].precision == scores[MICRO].recall == 0.0


def test_documents_add_up_to_the_whole() -> None:
    rng = random.Random(3)
    gold, found = (
        [
            (rng.choice("abcd"), start := rng.randrange(200), start + rng.randint(1, 12),
             rng.choice(["X", "Y"]))
            for _ in range(150)
        ]
        for _ in range(2)
    )  # fmt: skip
    for match in ("strict", "overlap"):
        counts = count_mentions(gold, found, match=match, documents=["empty", "a"])
        assert list(counts)[:2] == ["empty", "a"] and not counts["empty"]
        assert total(counts) == score_mentions(gold, found, match=match)


def brute_force(gold: set[MentionSpan], found: set[MentionSpan]) -> Score:
    def touch(one: MentionSpan, other: MentionSpan) -> bool:
        same = one.document == other.document and one.category == other.category
        return same and one.start < other.end and other.start < one.end

    return Score(
        len(gold), len(found),
        sum(any(touch(f, g) for g in gold) for f in found),
        sum(any(touch(f, g) for f in found) for g in gold),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_overlap_is_what_comparing_each_with_each_gives(seed: int) -> None:
    rng = random.Random(seed)
    gold, found = (
        {
            MentionSpan(
                rng.choice("ab"), start := rng.randrange(60), start + rng.randint(1, 9), "X"
            )
            for _ in range(rng.randrange(12))
        }
        for _ in range(2)
    )
    scores = score_mentions(gold, found, match="overlap", categories=["X"])
    assert scores[MICRO] == brute_force(gold, found)
