from __future__ import annotations

import logging

import pytest

from kgbuild.extractors.given import GivenRecognizer
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Document, Grounding, Mention, Relation

TEXT = "Aspirin causes asthma in zorks."


@pytest.fixture
def document() -> AnnotatedDocument:
    aspirin = Mention("PMID:1", 0, 7, "Aspirin", "Chemical")
    asthma = Mention("PMID:1", 15, 21, "asthma", "DiseaseOrPhenotypicFeature")
    zorks = Mention("PMID:1", 25, 30, "zorks", "Zork")
    return AnnotatedDocument(
        Document("PMID:1", TEXT),
        mentions=(zorks, aspirin, asthma),
        groundings=(Grounding(aspirin.id, "MESH:D001241", "Aspirin", "Chemical", 1.0, "given"),),
        relations=(Relation("PMID:1", aspirin.id, asthma.id, "CID", 1.0, 0, 31, "given"),),
    )


def test_labels_become_categories(
    document: AnnotatedDocument, caplog: pytest.LogCaptureFixture
) -> None:
    recognizer = GivenRecognizer(Schema.load("biomedical"))
    with caplog.at_level(logging.WARNING):
        mentions = recognizer.recognize([document, document])[1]
    assert [(m.text, m.category) for m in mentions] == [
        ("Aspirin", "ChemicalEntity"), ("asthma", "Disease"), ("zorks", "NamedThing"),
    ]  # fmt: skip
    assert recognizer.unmapped == ("Zork",)
    assert [r.getMessage() for r in caplog.records if "'Zork'" in r.getMessage()] != []
    assert len(caplog.records) == 1


def test_references_follow_their_mentions(document: AnnotatedDocument) -> None:
    recognizer = GivenRecognizer(Schema.load("biomedical"))
    mapped = document.with_mentions(recognizer.recognize([document])[0])
    aspirin, asthma, _ = mapped.mentions
    assert mapped.groundings[0].mention == aspirin.id
    assert (mapped.relations[0].subject, mapped.relations[0].object) == (aspirin.id, asthma.id)
    assert recognizer.recognize([mapped]) == [mapped.mentions]


def test_labels_that_fall_together_give_one_mention() -> None:
    twice = tuple(Mention("PMID:1", 15, 21, "asthma", c) for c in ("Disease", "disease"))
    document = AnnotatedDocument(Document("PMID:1", TEXT), mentions=twice)
    assert len(GivenRecognizer(Schema.load("biomedical")).recognize([document])[0]) == 1
