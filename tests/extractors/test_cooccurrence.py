from __future__ import annotations

import pytest
from marked_text import document

from kgbuild.extractors.cooccurrence import CooccurrenceExtractor
from kgbuild.records import AnnotatedDocument, Relation


def extract(
    doc: AnnotatedDocument, extractor: CooccurrenceExtractor
) -> tuple[list[tuple[str, str]], tuple[Relation, ...]]:
    text = {mention.id: mention.text for mention in doc.mentions}
    [found] = extractor.extract([doc])
    return [(text[r.subject], text[r.object]) for r in found], found


TEXT = (
    "[Aspirin|C=MESH:D001241] and [PTGS1|G=HGNC:9604] were studied in [gout|D=MESH:D006073]. "
    "[ASA|C=MESH:D001241] and [PTGS1|G=HGNC:9604] and [fever|D=HP:0001945] were, too."
)


def test_each_pair_once_a_sentence_in_canonical_order() -> None:
    pairs, found = extract(document(TEXT), CooccurrenceExtractor())
    expected = [
        ("PTGS1", "Aspirin"),
        ("PTGS1", "gout"),
        ("Aspirin", "gout"),
        ("PTGS1", "ASA"),
        ("PTGS1", "fever"),
        ("fever", "ASA"),
    ]
    assert sorted(pairs) == sorted(expected)
    assert {r.predicate for r in found} == {"cooccurs_with"}


def test_each_pair_once_a_document() -> None:
    doc = document(TEXT)
    pairs, found = extract(doc, CooccurrenceExtractor(level="document"))
    entities = [tuple(sorted({p.replace("ASA", "Aspirin") for p in pair})) for pair in pairs]
    assert len(entities) == len(set(entities)) == 6
    mentions = {m.id: m for m in doc.mentions}
    for r in found:
        ends = [mentions[r.subject], mentions[r.object]]
        assert r.start == min(m.start for m in ends)
        assert r.end == max(m.end for m in ends)


def test_the_closest_mentions_are_taken_and_distance_lowers_the_score() -> None:
    text = "[zinc|C=A:1] was given. " + "x " * 40 + "[gout|D=B:1] [zinc|C=A:1] in a day"
    doc = document(text)
    _, [relation] = extract(doc, CooccurrenceExtractor(level="document"))
    assert relation.object == doc.mentions[1].id or relation.subject == doc.mentions[1].id
    assert doc.mentions[2].id in (relation.subject, relation.object)
    assert relation.score == pytest.approx(1 / (1 + 1 / 100))
    _, [far] = extract(
        document("[zinc|C=A:1] " + "x " * 50 + "[gout|D=B:1]"), CooccurrenceExtractor()
    )
    assert far.score == pytest.approx(1 / (1 + 101 / 100))


def test_order_is_by_identifier_whatever_the_text_says() -> None:
    one, _ = extract(document("[b|C=X:2] and [a|C=X:1]."), CooccurrenceExtractor())
    two, _ = extract(document("[a|C=X:1] and [b|C=X:2]."), CooccurrenceExtractor())
    assert one == two == [("a", "b")]


def test_pairs_of_categories() -> None:
    pairs, _ = extract(
        document(TEXT), CooccurrenceExtractor(pairs=[("Disease", "Gene")], level="document")
    )
    assert sorted(pairs) == [("PTGS1", "fever"), ("PTGS1", "gout")]


def test_mentions_without_identifier() -> None:
    doc = document("[zinc|C=A:1] and [gout|D] and [TP53|G=B:1].")
    assert extract(doc, CooccurrenceExtractor())[0] == [("zinc", "TP53")]
    everything = extract(doc, CooccurrenceExtractor(grounded_only=False))[0]
    assert len(everything) == 3
    ungrounded = document("[zinc|C] and [gout|D] and [Zinc|C].")
    assert len(extract(ungrounded, CooccurrenceExtractor())[0]) == 1


def test_one_entity_is_not_related_to_itself() -> None:
    assert extract(document("[IL6|G=A:1] is [IL-6|G=A:1]."), CooccurrenceExtractor())[0] == []


def test_sentences_bound_the_sentence_level() -> None:
    doc = document("[zinc|C=A:1] rose. [Gout|D=B:1] fell.")
    assert extract(doc, CooccurrenceExtractor())[0] == []
    assert len(extract(doc, CooccurrenceExtractor(level="document"))[0]) == 1


def test_many_entities_are_bounded() -> None:
    text = " ".join(f"[z{i}|C=A:{i:04d}]" for i in range(400)) + "."
    pairs, _ = extract(document(text), CooccurrenceExtractor(max_entities=20))
    assert len(pairs) == 190


def test_empty_documents() -> None:
    assert CooccurrenceExtractor().extract([]) == []
    assert CooccurrenceExtractor().extract([document("")]) == [()]


@pytest.mark.parametrize("options", [{"level": "page"}, {"scale": 0}, {"max_entities": 1}])
def test_bad_options(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        CooccurrenceExtractor(**options)  # type: ignore[arg-type]
