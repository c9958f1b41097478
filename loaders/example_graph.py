"""A small graph of true facts, assembled by hand: what documentation and tests ask about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.loaders.synthetic import write_graph
from kgbuild.records import Evidence, Statement

if TYPE_CHECKING:
    from kgbuild.tables import GraphTables

__all__ = ["example_graph"]

_ENTITIES = {
    "CHEBI:15365": ("acetylsalicylic acid", "ChemicalEntity", ["aspirin"], ["MESH:D001241"]),
    "CHEBI:45783": ("imatinib", "ChemicalEntity", ["STI-571"], []),
    "CHEBI:5801": ("hydroxychloroquine", "ChemicalEntity", [], []),
    "CHEBI:63637": ("vemurafenib", "ChemicalEntity", ["PLX4032"], []),
    "CHEBI:6801": ("metformin", "ChemicalEntity", [], ["MESH:D008687"]),
    "DBSNP:rs113488022": ("BRAF V600E", "SequenceVariant", ["p.Val600Glu"], []),
    "HGNC:1097": ("BRAF", "Gene", ["B-raf"], ["NCBIGene:673"]),
    "HGNC:3603": ("FBN1", "Gene", ["fibrillin-1"], ["NCBIGene:2200"]),
    "HGNC:9605": ("PTGS2", "Gene", ["COX-2", "COX2"], ["NCBIGene:5743"]),
    "HP:0001166": ("Arachnodactyly", "PhenotypicFeature", ["spider fingers"], []),
    "MONDO:0005015": ("diabetes mellitus", "Disease", [], ["MESH:D003920"]),
    "MONDO:0005098": ("stroke disorder", "Disease", ["stroke"], ["MESH:D020521"]),
    "MONDO:0005105": ("melanoma", "Disease", ["malignant melanoma"], ["MESH:D008545"]),
    "MONDO:0005148": ("type 2 diabetes mellitus", "Disease", ["T2DM"], ["MESH:D003924"]),
    "MONDO:0007947": ("Marfan syndrome", "Disease", [], ["MESH:D008382"]),
    "MONDO:0011996": ("chronic myelogenous leukemia, BCR-ABL1 positive", "Disease", ["CML"], []),
    "MONDO:0100096": ("COVID-19", "Disease", [], ["MESH:D000086382"]),
}
_PARENTS = {"MONDO:0005148": ["MONDO:0005015"]}

# subject with the name in the sentence, predicate, object with the name, document, sentence
_FACTS: tuple[tuple[str, str, str, str, str, int, str], ...] = (
    ("CHEBI:6801", "Metformin", "treats", "MONDO:0005148", "type 2 diabetes", 1,
     "Metformin is first-line treatment for type 2 diabetes."),
    ("CHEBI:6801", "metformin", "treats", "MONDO:0005148", "T2DM", 2,
     "In adults with T2DM, metformin lowered HbA1c."),
    ("CHEBI:15365", "Aspirin", "inhibits", "HGNC:9605", "COX-2", 3,
     "Aspirin irreversibly inhibits COX-2."),
    ("CHEBI:15365", "aspirin", "prevents", "MONDO:0005098", "stroke", 3,
     "Low-dose aspirin may prevent recurrent stroke."),
    ("CHEBI:63637", "Vemurafenib", "inhibits", "HGNC:1097", "BRAF", 4,
     "Vemurafenib inhibits mutant BRAF."),
    ("CHEBI:63637", "vemurafenib", "treats", "MONDO:0005105", "melanoma", 4,
     "Patients with metastatic melanoma responded to vemurafenib."),
    ("DBSNP:rs113488022", "V600E", "associated_with", "MONDO:0005105", "melanoma", 4,
     "V600E is the commonest mutation in melanoma."),
    ("HGNC:1097", "BRAF", "associated_with", "MONDO:0005105", "melanoma", 5,
     "Half of all cutaneous melanoma carries a BRAF mutation."),
    ("HGNC:3603", "FBN1", "causes", "MONDO:0007947", "Marfan syndrome", 6,
     "Mutations in FBN1 cause Marfan syndrome."),
    ("MONDO:0007947", "Marfan syndrome", "has_phenotype", "HP:0001166", "arachnodactyly", 6,
     "Most patients with Marfan syndrome have arachnodactyly."),
    ("CHEBI:45783", "Imatinib", "treats", "MONDO:0011996", "CML", 7,
     "Imatinib induces remission in CML."),
    ("CHEBI:5801", "Hydroxychloroquine", "treats", "MONDO:0100096", "COVID-19", 8,
     "Hydroxychloroquine did not reduce deaths from COVID-19."),
)  # fmt: skip
_DENIED = frozenset({"CHEBI:5801"})
_YEARS = {1: 2012, 2: 2017, 3: 2009, 4: 2011, 5: 2002, 6: 1991, 7: 2003, 8: 2020}


def example_graph(folder: Path) -> GraphTables:
    """Write the graph's tables into ``folder`` and return them.

    Seventeen entities, eleven statements (one of them only denied), twelve sentences of eight
    documents. The facts and identifiers are true; the sentences and documents are made up.
    """
    evidence = [_evidence(place) for place in range(len(_FACTS))]
    occurrences = sorted(
        {(f"PMID:9000000{fact[5]}", entity) for fact in _FACTS for entity in (fact[0], fact[3])}
    )
    return write_graph(
        folder,
        entities=[_entity(curie, occurrences) for curie in _ENTITIES],
        statements=_statements(evidence),
        evidence=[{"id": item.id, **_fields(item)} for item in evidence],
        documents=[
            {"id": f"PMID:9000000{n}", "title": f"Example {n}", "date": f"{year}-05",
             "year": year, "source": "example.xml"}
            for n, year in _YEARS.items()
        ],
        occurrences=[
            {"document": d, "entity": e, "mentions": 1, "sentences": 1} for d, e in occurrences
        ],
    )  # fmt: skip


def _fields(item: Evidence) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__slots__}


def _evidence(place: int) -> Evidence:
    subject, name, predicate, object_, other, document, sentence = _FACTS[place]
    start = 100 * place
    at, there = start + sentence.index(name), start + sentence.index(other)
    return Evidence(
        statement=Statement(subject, predicate, object_).id,
        document=f"PMID:9000000{document}",
        start=start,
        end=start + len(sentence),
        sentence=sentence,
        subject_start=at,
        subject_end=at + len(name),
        object_start=there,
        object_end=there + len(other),
        score=0.9,
        extractor="patterns/1",
        negated=subject in _DENIED,
        hedged="may" in sentence.split(),
    )


def _entity(curie: str, occurrences: list[tuple[str, str]]) -> dict[str, Any]:
    name, category, synonyms, xrefs = _ENTITIES[curie]
    count = sum(entity == curie for _, entity in occurrences)
    return {
        "id": curie, "name": name, "category": category, "synonyms": synonyms, "xrefs": xrefs,
        "parents": _PARENTS.get(curie, []), "vocabulary": curie.partition(":")[0].lower(),
        "mentions": count, "sentences": count, "documents": count,
    }  # fmt: skip


def _statements(evidence: list[Evidence]) -> list[dict[str, Any]]:
    rows = {}
    for (subject, _, predicate, object_, *_), item in zip(_FACTS, evidence, strict=True):
        mine = [other for other in evidence if other.statement == item.statement]
        affirming = [other for other in mine if not other.negated]
        years = [_YEARS[int(other.document[-1])] for other in mine]
        papers = len({other.document for other in affirming})
        rows[item.statement] = {
            "id": item.statement, "subject": subject, "predicate": predicate, "object": object_,
            "subject_category": _ENTITIES[subject][1], "object_category": _ENTITIES[object_][1],
            "qualifiers": [], "belief": round(1 - 0.3**papers, 3), "papers": papers,
            "sentences": len(affirming), "negated": len(mine) - len(affirming),
            "hedged": sum(other.hedged for other in affirming),
            "first_year": min(years), "last_year": max(years), "extractors": ["patterns/1"],
        }  # fmt: skip
    return list(rows.values())
