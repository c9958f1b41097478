from __future__ import annotations

import pickle
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from kgbuild.records import (
    AnnotatedDocument,
    Document,
    Grounding,
    Mention,
    Relation,
    Statement,
    content_hash,
    document_hash,
)

TEXT = "Aspirin inhibits COX1."
ASPIRIN = Mention("PMID:1", 0, 7, "Aspirin", "Chemical")
COX1 = Mention("PMID:1", 17, 21, "COX1", "Gene")


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_hashes_agree_only_for_the_same_parts(first: list[str], second: list[str]) -> None:
    assert (content_hash(*first) == content_hash(*second)) == (first == second)


def test_hash_takes_lone_surrogates() -> None:
    assert content_hash("\ud800") != content_hash("?")


def test_document_without_identifier_is_named_by_its_text() -> None:
    assert document_hash(TEXT) == document_hash(TEXT) != document_hash(TEXT + " ")


def test_mention_id_depends_on_place_text_category_and_extractor() -> None:
    others = [
        replace(ASPIRIN, start=1),
        replace(ASPIRIN, text="aspirin"),
        replace(ASPIRIN, category="Gene"),
        replace(ASPIRIN, extractor="other/1"),
        replace(ASPIRIN, document="PMID:2"),
        replace(ASPIRIN, spans=((0, 3), (5, 7))),
    ]
    assert len({m.id for m in [ASPIRIN, *others]}) == len(others) + 1
    assert replace(ASPIRIN, score=0.1).id == ASPIRIN.id


def test_statement_id_ignores_the_order_of_qualifiers() -> None:
    first = Statement("A:1", "treats", "B:1", (("x", "1"), ("y", "2")))
    assert first.id == Statement("A:1", "treats", "B:1", (("y", "2"), ("x", "1"))).id
    assert first.id != Statement("A:1", "treats", "B:1").id


def test_what_is_known_of_mentions_follows_to_those_at_the_same_place() -> None:
    item = AnnotatedDocument(
        Document("PMID:1", TEXT),
        mentions=(ASPIRIN, COX1),
        groundings=(
            Grounding(ASPIRIN.id, "MESH:D001241", "Aspirin", "Chemical", 1, "given"),
            Grounding(COX1.id, "HGNC:9604", "PTGS1", "Gene", 1, "given"),
        ),
        relations=(Relation("PMID:1", ASPIRIN.id, COX1.id, "inhibits", 1, 0, 22, "given"),),
    )
    renamed = replace(ASPIRIN, category="ChemicalEntity")
    both = item.with_mentions((renamed, COX1))
    assert [g.mention for g in both.groundings] == [renamed.id, COX1.id]
    assert [(r.subject, r.object) for r in both.relations] == [(renamed.id, COX1.id)]
    one = item.with_mentions((renamed,))
    assert [g.mention for g in one.groundings] == [renamed.id]
    assert one.relations == ()


def test_of_two_at_one_place_each_follows_to_its_own() -> None:
    raw = Mention("PMID:1", 0, 7, "Aspirin", "Chem"), Mention("PMID:1", 0, 7, "Aspirin", "Prot")
    new = (
        Mention("PMID:1", 0, 7, "Aspirin", "ChemicalEntity"),
        Mention("PMID:1", 0, 7, "Aspirin", "Gene"),
    )
    groundings = tuple(Grounding(m.id, f"X:{n}", "", "", 1, "given") for n, m in enumerate(raw))
    item = AnnotatedDocument(Document("PMID:1", TEXT), mentions=raw, groundings=groundings)
    later = item.with_mentions(new)
    assert [(g.curie, g.mention) for g in later.groundings] == [
        ("X:0", new[0].id),
        ("X:1", new[1].id),
    ]


def test_a_remembered_id_does_not_outlive_a_change() -> None:
    mention = Mention("d", 0, 3, "abc", "Gene")
    first = mention.id
    moved = replace(mention, start=1, text="bc")
    assert moved.id == Mention("d", 1, 3, "bc", "Gene").id != first
    assert pickle.loads(pickle.dumps(mention)).id == first
    assert mention == Mention("d", 0, 3, "abc", "Gene")
    assert hash(mention) == hash(Mention("d", 0, 3, "abc", "Gene"))
    assert "_id" not in repr(mention)
