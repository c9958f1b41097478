"""Denial and doubt: what the shipped relation model makes of sentences that don't assert."""

from __future__ import annotations

import pytest
from marked_text import document

from kgbuild.extractors.agreement import settle
from kgbuild.extractors.denial import SentenceReader
from kgbuild.extractors.patterns import PatternExtractor
from kgbuild.extractors.trained_relations import TrainedRelationExtractor
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Relation

SCHEMA = Schema.load("biomedical")
ASPIRIN, BLEEDING = "[Aspirin|C=MESH:D001241]", "[bleeding|D=MESH:D006470]"
COCAINE, SEIZURES = "[cocaine|C=MESH:D003042]", "[seizures|D=MESH:D012640]"
SALINE = "[saline|C=MESH:D012965]"


@pytest.fixture(scope="module")
def model() -> TrainedRelationExtractor:
    """The shipped weights; what it is unsure of is kept, so that each sentence says something."""
    return TrainedRelationExtractor(schema=SCHEMA, threshold=0.1, threads=1)


@pytest.fixture(scope="module")
def patterns() -> PatternExtractor:
    return PatternExtractor(schema=SCHEMA)


def written(item: AnnotatedDocument, relations: tuple[Relation, ...]) -> set[str]:
    """Return ``subject predicate object`` with ``not`` and ``maybe`` in front."""
    text = {mention.id: mention.text.lower() for mention in item.mentions}
    return {
        f"{'not ' if r.negated else ''}{'maybe ' if r.hedged else ''}"
        f"{text[r.subject]} {r.predicate} {text[r.object]}"
        for r in relations
    }


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        (f"{ASPIRIN} causes {BLEEDING}.", {"aspirin causes bleeding"}),
        (f"{ASPIRIN} does not cause {BLEEDING}.", {"not aspirin causes bleeding"}),
        (f"{ASPIRIN}-induced {BLEEDING} was not observed.", {"not aspirin causes bleeding"}),
        (f"{ASPIRIN} may cause {BLEEDING}.", {"maybe aspirin causes bleeding"}),
        (
            f"We investigated whether {ASPIRIN} causes {BLEEDING}.",
            {"maybe aspirin causes bleeding"},
        ),
        (
            "There was no association between [BRCA1|G=HGNC:1100] and [asthma|D=MESH:D001249].",
            {"not asthma associated_with brca1"},
        ),
        # neither asserted nor denied: there was none
        (f"In the absence of {ASPIRIN}, {BLEEDING} developed.", set()),
        # a denial in the sentence of one of the two: what it denies can't be told
        (f"{ASPIRIN} was given. It did not cause {BLEEDING}.", set()),
    ],
)
def test_the_model_says_what_the_sentence_says(
    marked: str, expected: set[str], model: TrainedRelationExtractor
) -> None:
    item = document(marked)
    [found] = model.extract([item])
    assert written(item, found) == expected


def test_a_denial_reaches_what_it_is_about(model: TrainedRelationExtractor) -> None:
    item = document(f"{COCAINE} caused {SEIZURES} but not {BLEEDING}.")
    [found] = model.extract([item])
    assert written(item, found) >= {"cocaine causes seizures", "not cocaine causes bleeding"}

    item = document(f"{COCAINE}, but not {SALINE}, caused {SEIZURES}.")
    [found] = model.extract([item])
    cocaine, saline, seizures = (mention.id for mention in item.mentions)
    denied = {(r.subject, r.object): r.negated for r in found}  # of what, the model is unsure
    assert denied[cocaine, seizures] is False
    assert denied[saline, seizures] is True


def test_the_sentence_that_asserts_carries_the_relation(model: TrainedRelationExtractor) -> None:
    item = document(
        f"{COCAINE} did not induce {SEIZURES} in the young. In adults {COCAINE} induced {SEIZURES}."
    )
    [found] = model.extract([item])
    [relation] = [r for r in found if r.predicate == "causes"]
    assert not relation.negated
    assert item.document.text[relation.start : relation.end].startswith("In adults")


def test_patterns_prevail_where_the_model_says_the_opposite(
    model: TrainedRelationExtractor, patterns: PatternExtractor
) -> None:
    item = document(f"{ASPIRIN} treats [asthma|D=MESH:D001249].")
    [modelled], [matched] = model.extract([item]), patterns.extract([item])
    assert written(item, modelled) == {"aspirin causes asthma"}
    assert written(item, matched) == {"aspirin treats asthma"}
    assert settle(item, (*modelled, *matched), schema=SCHEMA) == matched


def test_agreeing_relations_all_stay(
    model: TrainedRelationExtractor, patterns: PatternExtractor
) -> None:
    item = document(
        f"{COCAINE}-induced {SEIZURES} were seen. {ASPIRIN}-induced {BLEEDING} was not observed."
    )
    [modelled], [matched] = model.extract([item]), patterns.extract([item])
    assert settle(item, (*modelled, *matched), schema=SCHEMA) == (*modelled, *matched)
    assert written(item, matched) == {"not aspirin causes bleeding", "cocaine causes seizures"}
    assert written(item, modelled) >= written(item, matched)


def relation(item: AnnotatedDocument, predicate: str, extractor: str, **more: bool) -> Relation:
    """Relate the two mentions of a document of one sentence; ``turned`` swaps them."""
    ends = [mention.id for mention in item.mentions]
    subject, object_ = reversed(ends) if more.pop("turned", False) else ends
    span = item.sentences[0].start, item.sentences[0].end
    return Relation("d:1", subject, object_, predicate, 0.9, *span, extractor, **more)


@pytest.mark.parametrize(
    ("predicate", "other", "more", "kept"),
    [
        ("causes", "causes", {}, True),
        ("causes", "treats", {}, False),
        ("causes", "negatively_correlated_with", {}, False),
        ("causes", "causes", {"negated": True}, False),
        ("causes", "associated_with", {"negated": True}, False),
        ("treats", "causes", {"negated": True}, True),  # denies the opposite
        ("causes", "causes", {"turned": True}, False),
        ("associated_with", "associated_with", {"turned": True}, True),  # has no direction
        ("binds", "causes", {}, True),
    ],
)
def test_what_contradicts(predicate: str, other: str, more: dict[str, bool], kept: bool) -> None:
    item = document(f"{ASPIRIN} and {BLEEDING}.")
    model = relation(item, predicate, "relation-model/1")
    pattern = relation(item, other, "patterns/1", **more)
    assert (model in settle(item, (model, pattern), schema=SCHEMA)) is kept
    assert pattern in settle(item, (model, pattern), schema=SCHEMA)


def test_other_extractors_and_other_sentences_contradict_nothing() -> None:
    item = document(f"{ASPIRIN} and {BLEEDING}. {ASPIRIN} and {BLEEDING}.")
    (one, two, *_), (first, second) = item.mentions, item.sentences
    asserted = Relation(
        "d:1", one.id, two.id, "causes", 0.9, first.start, first.end, "relation-model/1"
    )
    for start, end, extractor in (
        (second.start, second.end, "patterns/1"),
        (first.start, first.end, "cooccurrence-sentence/1"),
        (first.start, first.end, "given/1"),
    ):
        denied = Relation("d:1", one.id, two.id, "causes", 0.9, start, end, extractor, negated=True)
        assert settle(item, (asserted, denied), schema=SCHEMA) == (asserted, denied)


def test_a_pattern_that_doubts_makes_the_model_doubt() -> None:
    item = document(f"{ASPIRIN} and {BLEEDING}.")
    model = relation(item, "causes", "relation-model/1")
    pattern = relation(item, "causes", "patterns/1", hedged=True)
    doubted, same = settle(item, (model, pattern), schema=SCHEMA)
    assert doubted.hedged
    assert same == pattern


@pytest.mark.parametrize(
    ("marked", "negated", "hedged"),
    [
        (f"{ASPIRIN} was given but did not help; {COCAINE} was given too.", False, False),
        (f"Neither {ASPIRIN} nor {COCAINE} helped.", True, False),
        (f"{ASPIRIN} not only met {COCAINE}.", False, False),
        (f"{ASPIRIN} met {COCAINE}, but it did nothing.", False, False),
        (f"{ASPIRIN} and {COCAINE} were suggested to meet.", False, True),
        (f"Does {ASPIRIN} meet {COCAINE}?", False, True),
        (
            f"Acetylsalicylic acid ({ASPIRIN}) does not (as it was said) meet {COCAINE}.",
            True,
            False,
        ),
    ],
)
def test_reach_of_cues(marked: str, negated: bool, hedged: bool) -> None:
    item = document(marked)
    reading = SentenceReader(item).pair(*item.mentions)
    assert (reading.negated, reading.hedged) == (negated, hedged)
