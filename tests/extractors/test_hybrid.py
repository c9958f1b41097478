from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.errors import ConfigError
from kgbuild.extractors.hybrid import HybridRecognizer
from kgbuild.extractors.merging import pieces
from kgbuild.records import AnnotatedDocument, Document, Mention
from kgbuild.testing import KeywordRecognizer

TEXT = "abcdefghijklmnopqrstuvwxyz"
NAMES = ("a/1", "b/1", "c/1")


class Fixed:
    """A recognizer that gives what it was told to."""

    def __init__(self, name: str, mentions: list[Mention]) -> None:
        self.name = name
        self.mentions = tuple(mentions)

    def recognize(self, batch: object) -> list[tuple[Mention, ...]]:
        return [self.mentions]


def mention(start: int, end: int, category: str = "Gene", score: float = 1.0) -> Mention:
    return Mention("PMID:1", start, end, TEXT[start:end], category, score, "")


@st.composite
def recognizers(draw: st.DrawFn) -> list[Fixed]:
    made = []
    for name in NAMES:
        some = []
        for _ in range(draw(st.integers(0, 6))):
            start = draw(st.integers(0, 20))
            end = draw(st.integers(start + 1, 24))
            spans = ()
            if end - start > 3 and draw(st.booleans()):
                spans = ((start, start + 1), (end - 1, end))
            category = draw(st.sampled_from(["Gene", "Disease"]))
            score = draw(st.sampled_from([0.25, 0.5, 0.7, 1.0]))
            some.append(
                Mention("PMID:1", start, end, TEXT[start:end], category, score, name, spans)
            )
        made.append(Fixed(name, some))
    return made


def merged(some: list[Fixed], **options: object) -> tuple[Mention, ...]:
    document = AnnotatedDocument(Document("PMID:1", TEXT))
    return HybridRecognizer(some, **options).recognize([document])[0]  # type: ignore[arg-type]


def cover(m: Mention) -> set[int]:
    return {i for a, b in pieces(m) for i in range(a, b)}


@given(recognizers(), st.sampled_from(["priority", "longest", "vote"]))
def test_no_overlap_is_left(some: list[Fixed], rule: str) -> None:
    for one, other in itertools.combinations(merged(some, rule=rule), 2):
        assert not cover(one) & cover(other)


@given(recognizers(), st.sampled_from(["priority", "longest", "vote"]))
def test_nested_leaves_only_proper_nesting(some: list[Fixed], rule: str) -> None:
    for one, other in itertools.combinations(merged(some, rule=rule, nested=True), 2):
        first, second = cover(one), cover(other)
        assert not first & second or first < second or second < first


@given(recognizers(), st.sampled_from(["longest", "vote", "union"]), st.booleans())
def test_order_of_recognizers_matters_for_priority_alone(
    some: list[Fixed], rule: str, nested: bool
) -> None:
    results = {merged(list(p), rule=rule, nested=nested) for p in itertools.permutations(some)}
    assert len(results) == 1
    names = {HybridRecognizer(p, rule=rule).name for p in itertools.permutations(some)}  # type: ignore[arg-type]
    assert len(names) == 1


@given(recognizers(), st.sampled_from(["priority", "longest", "vote", "union"]), st.randoms())
def test_order_of_mentions_never_matters(some: list[Fixed], rule: str, random: object) -> None:
    shuffled = [
        Fixed(r.name, random.sample(r.mentions, len(r.mentions)))  # type: ignore[attr-defined]
        for r in some
    ]
    assert merged(shuffled, rule=rule) == merged(some, rule=rule)


@given(recognizers())
def test_nothing_is_dropped_without_a_conflict(some: list[Fixed]) -> None:
    kept = merged(some, rule="longest")
    for m in (m for r in some for m in r.mentions):
        assert any(cover(m) & cover(k) for k in kept)


def test_priority_wins_over_length_and_score() -> None:
    short, long = mention(2, 4, score=0.1), mention(0, 9, "Disease")
    assert merged([Fixed("a", [short]), Fixed("b", [long])]) == (short,)
    assert merged([Fixed("b", [long]), Fixed("a", [short])]) == (long,)
    assert merged([Fixed("a", [short]), Fixed("b", [long])], nested=True) == (long, short)


def test_longest() -> None:
    short, long = mention(0, 5), mention(3, 9, "Disease", 0.2)
    assert merged([Fixed("a", [short]), Fixed("b", [long])], rule="longest") == (long,)
    equal = [Fixed("a", [mention(0, 3, "Gene", 0.4)]), Fixed("b", [mention(0, 3, "Disease", 0.6)])]
    assert [m.category for m in merged(equal, rule="longest")] == ["Disease"]
    tied = [Fixed("a", [mention(0, 3, "Gene")]), Fixed("b", [mention(0, 3, "Disease")])]
    assert [m.category for m in merged(tied, rule="longest")] == ["Disease"]


def test_vote() -> None:
    some = [
        Fixed("a", [mention(0, 3, score=0.5), mention(5, 8)]),
        Fixed("b", [mention(0, 3, score=0.9), mention(0, 4, "Disease")]),
        Fixed("c", [mention(0, 3, score=0.1)]),
    ]
    (only,) = merged(some, rule="vote")
    assert (only.start, only.end, only.score) == (0, 3, 0.5)
    assert len(merged(some, rule="vote", votes=1)) == 2


def test_union_folds_repeats_alone() -> None:
    some = [
        Fixed("a", [mention(0, 3, score=0.5), mention(1, 2)]),
        Fixed("b", [mention(0, 3, score=0.9), mention(0, 3, "Disease")]),
    ]
    found = merged(some, rule="union")
    assert [(m.start, m.end, m.category, m.score) for m in found] == [
        (0, 3, "Disease", 1.0), (0, 3, "Gene", 0.9), (1, 2, "Gene", 1.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "options"),
    [([], {}), (["a", "a"], {}), (["a"], {"rule": "best"}), (["a"], {"votes": 1}),
     (["a"], {"rule": "vote", "votes": 2})],
)  # fmt: skip
def test_wrong_use(names: list[str], options: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        HybridRecognizer([Fixed(n, []) for n in names], **options)  # type: ignore[arg-type]


def test_real_recognizers_over_a_batch() -> None:
    drugs = KeywordRecognizer({"aspirin": "ChemicalEntity"})
    rest = KeywordRecognizer({"aspirin asthma": "Disease", "asthma": "Disease"})
    batch = [
        AnnotatedDocument(Document("PMID:1", "Aspirin asthma.")),
        AnnotatedDocument(Document("PMID:2", "")),
    ]
    first, second = HybridRecognizer([drugs, rest]).recognize(batch)
    assert ([m.text for m in first], second) == (["Aspirin"], ())
    assert first[0].extractor == drugs.name
