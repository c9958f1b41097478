from __future__ import annotations

import pytest

from kgbuild.assembly.evidence import Contribution, contribution, nil_id
from kgbuild.ontologies.schema import Schema
from kgbuild.records import (
    AnnotatedDocument,
    Document,
    Grounding,
    Mention,
    Passage,
    Relation,
    Sentence,
    Statement,
)

TITLE = "Aspirin and COX1."
TEXT = TITLE + " Aspirin inhibits COX1. COX1 is inhibited by ASA."
DOC = Document("PMID:1", TEXT, (Passage("title", 0, len(TITLE)),), "2001-05")
SENTENCES = (Sentence(0, 17), Sentence(18, 40), Sentence(41, len(TEXT)))


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema.load("biomedical")


def mention(words: str, category: str, *, after: int = 0) -> Mention:
    start = TEXT.index(words, after)
    return Mention(DOC.id, start, start + len(words), words, category)


ASPIRIN, COX1 = mention("Aspirin", "ChemicalEntity", after=18), mention("COX1", "Gene", after=18)


def ground(m: Mention, curie: str) -> Grounding:
    return Grounding(m.id, curie, "", m.category, 1.0, "exact" if curie else "nil")


def relate(subject: Mention, predicate: str, object_: Mention, **more: object) -> Relation:
    fields = {"score": 0.9, "start": 18, "end": 40, "extractor": "patterns/1"} | more
    return Relation(DOC.id, subject.id, object_.id, predicate, **fields)  # type: ignore[arg-type]


def contribute(
    schema: Schema,
    *relations: Relation,
    groundings: tuple[Grounding, ...] = (
        ground(ASPIRIN, "MESH:D001241"),
        ground(COX1, "HGNC:9604"),
    ),
    mentions: tuple[Mention, ...] = (ASPIRIN, COX1),
    keep_nil: bool = True,
) -> Contribution:
    item = AnnotatedDocument(DOC, SENTENCES, (), mentions, groundings, relations)
    return contribution([item], schema=schema, keep_nil=keep_nil)


def test_a_relation_becomes_evidence_of_its_statement(schema: Schema) -> None:
    [row] = contribute(schema, relate(ASPIRIN, "inhibits", COX1)).evidence
    assert row["statement"] == Statement("MESH:D001241", "inhibits", "HGNC:9604").id
    assert row["sentence"] == "Aspirin inhibits COX1."
    assert TEXT[row["subject_start"] : row["subject_end"]] == "Aspirin"
    assert TEXT[row["object_start"] : row["object_end"]] == "COX1"
    assert row["year"] == 2001


def test_symmetric_statements_have_one_direction(schema: Schema) -> None:
    there = contribute(schema, relate(ASPIRIN, "interacts_with", COX1)).evidence[0]
    back = contribute(schema, relate(COX1, "interacts_with", ASPIRIN)).evidence[0]
    assert there["statement"] == back["statement"]
    for row in (there, back):
        name = {"MESH:D001241": "Aspirin", "HGNC:9604": "COX1"}[row["subject"]]
        assert TEXT[row["subject_start"] : row["subject_end"]] == name


def test_what_the_schema_forbids_is_counted_not_kept(schema: Schema) -> None:
    found = contribute(
        schema, relate(COX1, "has_phenotype", ASPIRIN), relate(ASPIRIN, "admires", COX1)
    )
    assert found.evidence == []
    assert sum(found.rejected.values()) == 2
    assert any("admires" in reason for reason in found.rejected)


def test_an_entity_has_no_statement_about_itself(schema: Schema) -> None:
    other = mention("Aspirin", "ChemicalEntity")
    found = contribute(
        schema,
        relate(ASPIRIN, "interacts_with", other),
        mentions=(ASPIRIN, other),
        groundings=(ground(ASPIRIN, "MESH:D001241"), ground(other, "MESH:D001241")),
    )
    assert found.evidence == []
    assert found.rejected["both ends are one entity"] == 1


def test_composite_mentions_give_a_statement_for_each_part(schema: Schema) -> None:
    found = contribute(
        schema,
        relate(ASPIRIN, "inhibits", COX1),
        groundings=(
            ground(ASPIRIN, "MESH:D001241"), ground(COX1, "HGNC:9604"), ground(COX1, "HGNC:9605"),
        ),
    )  # fmt: skip
    assert {row["object"] for row in found.evidence} == {"HGNC:9604", "HGNC:9605"}


def test_nil_is_a_literal_node_or_left_out(schema: Schema) -> None:
    groundings = (ground(ASPIRIN, "MESH:D001241"), ground(COX1, ""))
    [row] = contribute(schema, relate(ASPIRIN, "inhibits", COX1), groundings=groundings).evidence
    assert row["object"] == nil_id("Gene", "cox1")
    without = contribute(
        schema, relate(ASPIRIN, "inhibits", COX1), groundings=groundings, keep_nil=False
    )
    assert without.evidence == []
    assert [row["entity"] for row in without.occurrences] == ["MESH:D001241"]


def test_occurrences_count_mentions_and_sentences(schema: Schema) -> None:
    asa, again = mention("ASA", "ChemicalEntity"), mention("Aspirin", "ChemicalEntity")
    found = contribute(
        schema,
        mentions=(again, ASPIRIN, asa),
        groundings=tuple(ground(m, "MESH:D001241") for m in (again, ASPIRIN, asa)),
    )
    [row] = found.occurrences
    assert (row["mentions"], row["sentences"], row["text"]) == (3, 3, "Aspirin")
    assert found.documents[0]["title"] == TITLE


def test_the_same_evidence_counts_once(schema: Schema) -> None:
    relation = relate(ASPIRIN, "inhibits", COX1)
    assert len(contribute(schema, relation, relation).evidence) == 1


def test_a_relation_may_name_one_part_of_a_composite_mention(schema: Schema) -> None:
    groundings = (
        ground(ASPIRIN, "MESH:D001241"), ground(COX1, "HGNC:9604"), ground(COX1, "HGNC:9605"),
    )  # fmt: skip
    one = contribute(
        schema,
        relate(ASPIRIN, "inhibits", COX1, object_curie="HGNC:9605"),
        groundings=groundings,
    )
    assert [row["object"] for row in one.evidence] == ["HGNC:9605"]


def test_an_entity_of_two_categories_in_one_document_is_one(schema: Schema) -> None:
    again = mention("ASA", "Gene")
    found = contribute(
        schema,
        mentions=(ASPIRIN, again),
        groundings=(ground(ASPIRIN, "X:1"), ground(again, "X:1")),
    )
    [row] = found.occurrences
    assert (row["entity"], row["mentions"], row["sentences"]) == ("X:1", 2, 2)
    assert row["category"] == "ChemicalEntity"
