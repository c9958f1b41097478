"""Our mention scores against those of nervaluate (MIT, maintained), on the same mentions."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from nervaluate import Evaluator

from kgbuild.evaluation.mentions import MICRO, MentionSpan, mention_spans, score_mentions
from kgbuild.evaluation.score import Score
from kgbuild.readers import read_documents
from kgbuild.records import AnnotatedDocument


def theirs(gold: Collection[MentionSpan], found: Collection[MentionSpan], match: str) -> Any:
    documents = sorted({span.document for span in (*gold, *found)})

    def listed(spans: Collection[MentionSpan]) -> list[list[dict[str, Any]]]:
        # Their ends are inclusive.
        return [
            [{"label": s.category, "start": s.start, "end": s.end - 1}
             for s in sorted(spans) if s.document == document]
            for document in documents
        ]  # fmt: skip

    tags = sorted({span.category for span in gold})
    evaluated = Evaluator(listed(gold), listed(found), tags=tags, loader="dict").evaluate()
    return {
        MICRO: evaluated["overall"][match],
        **{tag: evaluated["entities"][tag][match] for tag in tags},
    }


def assert_equal(ours: Mapping[str, Score], other: Mapping[str, Any]) -> None:
    assert set(ours) == set(other)
    for label, score in ours.items():
        their = other[label]
        assert (score.gold, score.found, score.right) == (
            their.possible, their.actual, their.correct,
        ), label  # fmt: skip
        assert score.precision == pytest.approx(their.precision)
        assert score.recall == pytest.approx(their.recall)
        assert score.f1 == pytest.approx(their.f1)


def disturbed(gold: Collection[MentionSpan], rng: random.Random) -> set[MentionSpan]:
    """What a middling system might find: some missed, some cut, some of another category."""
    categories = sorted({span.category for span in gold})
    found = set()
    for span in sorted(gold):
        fate = rng.random()
        if fate < 0.15:
            continue
        if fate < 0.3 and span.end - span.start > 1:
            found.add(span._replace(start=span.start + 1))
        elif fate < 0.4:
            found.add(span._replace(category=rng.choice(categories)))
        else:
            found.add(span)
    return found


def elsewhere(spans: Collection[MentionSpan]) -> set[MentionSpan]:
    """The same mentions behind all that is in their documents."""
    return {span._replace(start=span.start + 1000, end=span.end + 1000) for span in spans}


def invented(seed: int, *, apart: int) -> set[MentionSpan]:
    rng = random.Random(seed)
    spans = set()
    for document in range(20):
        place = 0
        for _ in range(rng.randrange(10)):
            start = place + rng.randrange(apart)
            place = start + rng.randint(1, 9)
            spans.add(MentionSpan(str(document), start, place, rng.choice(["X", "Y", "Z"])))
    return spans


@pytest.mark.parametrize("seed", range(20))
def test_strict_scores_agree(seed: int) -> None:
    """Predictions that overlap each other are left out: theirs may take the wrong one for gold."""
    gold = invented(seed, apart=5)
    found = disturbed(gold, random.Random(seed)) | elsewhere(invented(seed + 100, apart=9))
    assert_equal(score_mentions(gold, found), theirs(gold, found, "strict"))


@pytest.mark.parametrize("seed", range(20))
def test_overlap_agrees_where_no_mention_touches_two(seed: int) -> None:
    """With several at one place they pair one to one, and we count each side by itself."""
    gold = invented(seed, apart=5)
    found = disturbed(gold, random.Random(seed))
    # Their "ent_type" is the right category and any overlap.
    assert_equal(score_mentions(gold, found, match="overlap"), theirs(gold, found, "ent_type"))


def test_strict_scores_agree_on_a_real_corpus(shared: Path) -> None:
    path = shared / "corpora" / "bc5cdr" / "CDR_DevelopmentSet.PubTator.txt"
    items = [i for i in read_documents(path) if isinstance(i, AnnotatedDocument)]
    gold = {span for span in mention_spans(items) if int(span.document[5:]) % 4 == 0}
    found = disturbed(gold, random.Random(0))
    ours = score_mentions(gold, found)
    assert ours[MICRO].gold > 1500 and 0.5 < ours[MICRO].f1 < 0.9
    assert_equal(ours, theirs(gold, found, "strict"))
