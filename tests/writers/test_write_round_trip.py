from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from kgbuild.readers import READERS, read_documents
from kgbuild.records import (
    AnnotatedDocument,
    Document,
    Failure,
    Grounding,
    Mention,
    Passage,
    Relation,
)
from kgbuild.writers import WRITERS, WriteReport, write_documents

LOSSLESS = ["bioc-json", "bioc-xml"]
CURIES = {
    "Gene": ["NCBIGene:3569", "HGNC:6018"],
    "Disease": ["MESH:D001943", "OMIM:104300", "MONDO:0005148", "x.y:a_b"],
    "SequenceVariant": ["DBSNP:rs6318", "tmVar:c|DEL|1314_1328|"],
    "Cell line": ["CVCL:0030", "NCBITaxon:9606"],
}


def write(documents: list[AnnotatedDocument], format: str) -> tuple[bytes, WriteReport]:
    out = io.BytesIO()
    report = write_documents(documents, out, format=format)
    return out.getvalue(), report


def back(documents: list[AnnotatedDocument], format: str) -> list[AnnotatedDocument]:
    data, _ = write(documents, format)
    items = list(READERS[format]().read(io.BytesIO(data), source="made"))
    assert not [item for item in items if isinstance(item, Failure)]
    return [item for item in items if isinstance(item, AnnotatedDocument)]


words = st.text(
    st.characters(codec="utf-8", exclude_characters="\r", exclude_categories=("Cc", "Cs")),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip() and not {"\ufffe", "\uffff"} & set(text))


@st.composite
def documents(draw: st.DrawFn) -> AnnotatedDocument:
    parts = draw(st.lists(words, min_size=1, max_size=6))
    text = "\n".join(parts)
    passages, position = [], 0
    for number, part in enumerate(parts):
        kind = "title" if number == 0 else draw(st.sampled_from(["abstract", "figure", "other"]))
        label = draw(st.sampled_from(["", "METHODS", "Figure 2"])) if number else ""
        passages.append(Passage(kind, position, position + len(part), label))
        position += len(part) + 1
    number = draw(st.integers(1, 10**8))
    document = Document(
        f"PMID:{number}", text, tuple(passages), "2002-09", "made", {"doi": "10.1/x"}
    )
    mentions: dict[str, Mention] = {}
    groundings: list[Grounding] = []
    for _ in range(draw(st.integers(0, 5))):
        passage = draw(st.sampled_from(passages))
        start = draw(st.integers(passage.start, passage.end - 1))
        end = draw(st.integers(start + 1, passage.end))
        if not text[start:end].strip() or text[start:end] != text[start:end].strip():
            continue
        category = draw(st.sampled_from(sorted(CURIES)))
        extractor, score = draw(st.sampled_from([("given", 1.0), ("dictionary/1", 0.25)]))
        mention = Mention(document.id, start, end, text[start:end], category, score, extractor)
        if mention.id in mentions:
            continue
        mentions[mention.id] = mention
        curies = draw(st.lists(st.sampled_from(CURIES[category]), unique=True, max_size=2))
        groundings += _groundings(draw, mention, curies)
    ordered = sorted(mentions.values(), key=lambda m: (m.start, m.end))
    rank = {mention.id: position for position, mention in enumerate(ordered)}
    groundings.sort(key=lambda grounding: rank[grounding.mention])
    relations = _relations(draw, document, ordered)
    return AnnotatedDocument(
        document, mentions=tuple(ordered), groundings=tuple(groundings), relations=relations
    )


def _groundings(draw: st.DrawFn, mention: Mention, curies: list[str]) -> list[Grounding]:
    if not curies:
        reason = "the input gives no identifier"
        return [Grounding(mention.id, "", "", mention.category, 0.0, "nil", reason)]
    ways = [("", 1.0, "given"), ("a name", 0.5, "dense"), ("Name, with; signs", 1.0, "exact")]
    name, score, method = draw(st.sampled_from(ways))
    return [Grounding(mention.id, c, name, mention.category, score, method) for c in curies]


def _relations(
    draw: st.DrawFn, document: Document, mentions: list[Mention]
) -> tuple[Relation, ...]:
    relations = {}
    for _ in range(draw(st.integers(0, 3)) if mentions else 0):
        one, two = draw(st.sampled_from(mentions)), draw(st.sampled_from(mentions))
        relation = Relation(
            document.id, one.id, two.id, draw(st.sampled_from(["treats", "CID"])),
            draw(st.floats(0, 1)), 0, len(document.text), "patterns/2", draw(st.booleans()),
            draw(st.booleans()), draw(st.sampled_from([None, True, False])),
            draw(st.sampled_from(["", "was given"])),
        )  # fmt: skip
        relations[relation.id] = relation
    return tuple(relations.values())


@pytest.mark.parametrize("format", LOSSLESS)
@settings(max_examples=60, deadline=None)
@given(items=st.lists(documents(), max_size=3))
def test_bioc_keeps_everything(format: str, items: list[AnnotatedDocument]) -> None:
    for one, two in zip(items, back(items, format), strict=True):
        assert two.document == one.document
        assert two.mentions == one.mentions
        assert two.groundings == one.groundings
        assert two.relations == one.relations


@settings(max_examples=60, deadline=None)
@given(item=documents())
def test_pubtator_keeps_mentions_and_identifiers(item: AnnotatedDocument) -> None:
    (two,) = back([item], "pubtator")
    assert two.document.id == item.document.id
    assert two.document.text.replace("\n", " ") == item.document.text.replace("\n", " ").rstrip(
        "\n"
    )

    def places(doc: AnnotatedDocument) -> list[tuple[int, int, str, str, tuple[str, ...]]]:
        found = []
        for m in doc.mentions:
            curies = {g.curie for g in doc.groundings if g.mention == m.id and g.curie}
            found.append((m.start, m.end, m.text, m.category, tuple(sorted(curies))))
        return found

    # Two extractors may have found the same mention: PubTator knows no extractors.
    merged: dict[tuple[int, int, str, str], set[str]] = {}
    for *place, curies in places(item):
        merged.setdefault(tuple(place), set()).update(curies)  # type: ignore[arg-type]
    expected = [(*place, tuple(sorted(curies))) for place, curies in merged.items()]
    assert places(two) == expected

    def facts(doc: AnnotatedDocument) -> set[tuple[str, str, str]]:
        curies: dict[str, set[str]] = {}
        ends = {m.id: (m.start, m.end, m.category) for m in doc.mentions}
        for g in doc.groundings:
            if g.curie:
                curies.setdefault(str(ends[g.mention]), set()).add(g.curie)
        return {
            (r.predicate, s, o)
            for r in doc.relations
            if not r.negated
            for s in curies.get(str(ends[r.subject]), ())
            for o in curies.get(str(ends[r.object]), ())
        }

    assert {fact[0] for fact in facts(two)} <= {fact[0] for fact in facts(item)}


def example(**changes: object) -> AnnotatedDocument:
    text = "Aspirin and pain\nAspirin eases\tpain."
    document = Document("PMID:1", text, (Passage("title", 0, 16), Passage("abstract", 17, 36)))
    drug = Mention("PMID:1", 17, 24, "Aspirin", "Chemical")
    pain = Mention("PMID:1", 31, 35, "pain", "Disease")
    groundings = (
        Grounding(drug.id, "MESH:D001241", "Aspirin", "Chemical", 1.0, "given"),
        Grounding(pain.id, "MESH:D010146", "Pain", "Disease", 1.0, "given"),
    )
    relation = Relation("PMID:1", drug.id, pain.id, "treats", 0.9, 17, 36, "patterns/1")
    item = AnnotatedDocument(
        document, mentions=(drug, pain), groundings=groundings, relations=(relation,)
    )
    return replace(item, **changes)  # type: ignore[arg-type]


def test_pubtator_lines() -> None:
    data, report = write([example()], "pubtator")
    assert data.decode().splitlines() == [
        "1|t|Aspirin and pain",
        "1|a|Aspirin eases pain.",
        "1\t17\t24\tAspirin\tChemical\tMESH:D001241",
        "1\t31\t35\tpain\tDisease\tMESH:D010146",
        "1\ttreats\tMESH:D001241\tMESH:D010146",
        "",
    ]
    assert report == WriteReport(1, 2, 1, {})


def test_pubtator_never_states_what_was_denied() -> None:
    item = example()
    denied = replace(item.relations[0], negated=True)
    data, report = write([replace(item, relations=(denied,))], "pubtator")
    assert b"treats" not in data
    assert list(report.lost.values()) == [1]
    assert "negated" in next(iter(report.lost))


def test_pubtator_counts_what_has_no_identifier() -> None:
    _, report = write([example(groundings=())], "pubtator")
    assert (report.relations, list(report.lost.values())) == (0, [1])


def test_pubtator_without_title() -> None:
    document = Document("PMC:PMC5", "No title here", (Passage("paragraph", 0, 13),))
    mention = Mention("PMC:PMC5", 3, 8, "title", "Disease")
    item = AnnotatedDocument(document, mentions=(mention,))
    data, _ = write([item], "pubtator")
    assert b"PMC5|t|\nPMC5|a|No title here\nPMC5\t4\t9\ttitle" in data
    (two,) = back([item], "pubtator")
    assert (two.document.id, two.document.text) == ("PMC:PMC5", "No title here")
    assert two.mentions == (mention,)


@pytest.mark.parametrize("id", ["DOI:10.1016/a|b,c", "kgb.doc:abc", "PMC:PMC1", "x:1"])
@pytest.mark.parametrize("format", sorted(WRITERS))
def test_ids_come_back(format: str, id: str) -> None:
    document = Document(id, "A title", (Passage("title", 0, 7),))
    (two,) = back([AnnotatedDocument(document)], format)
    assert two.document.id == id


@pytest.mark.parametrize("format", LOSSLESS)
def test_text_outside_passages_and_discontinuous_mentions(format: str) -> None:
    document = Document("PMID:1", "Head. left and right arm", (Passage("title", 0, 5),))
    mention = Mention("PMID:1", 6, 24, "left and right arm", "A", spans=((6, 10), (21, 24)))
    (two,) = back([AnnotatedDocument(document, mentions=(mention,))], format)
    assert two.document.text == document.text
    assert two.mentions == (mention,)


@pytest.mark.parametrize("format", sorted(WRITERS))
def test_dirty_text_is_written_clean(format: str) -> None:
    document = Document(
        "PMID:1", "a\x00b\ud800c", (Passage("title", 0, 5),), metadata={"k": "\x01"}
    )
    (two,) = back([AnnotatedDocument(document)], format)
    assert two.document.text == "a b\ufffdc"


@pytest.mark.parametrize("format", LOSSLESS)
def test_relations_of_absent_mentions_are_counted(format: str) -> None:
    item = example()
    _, report = write([replace(item, mentions=item.mentions[:1])], format)
    assert (report.relations, list(report.lost.values())) == (0, [1])


def test_collections_are_well_formed_and_streamed() -> None:
    for count in (0, 2):
        data, _ = write([example()] * count, "bioc-xml")
        assert len(etree.fromstring(data).findall("document")) == count
        data, _ = write([example()] * count, "bioc-json")
        assert len(json.loads(data)["documents"]) == count


def test_unknown_format() -> None:
    with pytest.raises(ValueError, match="did you mean 'bioc-xml'"):
        write([], "bioc_xml")


@pytest.mark.parametrize("format", LOSSLESS)
@pytest.mark.parametrize("name", ["bc5cdr/CDR_DevelopmentSet.BioC.xml", "biored/Dev.PubTator"])
def test_corpora_come_back(shared: Path, name: str, format: str) -> None:
    items = [
        i for i in read_documents(shared / "corpora" / name) if isinstance(i, AnnotatedDocument)
    ][:60]
    for one, two in zip(items, back(items, format), strict=True):
        assert replace(two, document=one.document) == one
        assert (two.document.text, two.document.passages) == (
            one.document.text,
            one.document.passages,
        )


@pytest.mark.parametrize("format", LOSSLESS)
def test_the_bioc_package_reads_what_we_write(format: str, tmp_path: Path) -> None:
    """An implementation by others, where it is installed."""
    module = pytest.importorskip(f"bioc.{format.replace('-', '')}")
    data, _ = write([example()], format)
    collection = module.loads(data.decode().partition("?>\n")[2] if format == "bioc-xml" else data)
    (document,) = collection.documents
    assert document.id == "1"
    assert [p.text for p in document.passages] == ["Aspirin and pain", "Aspirin eases\tpain."]
    assert document.passages[1].annotations[0].infons["identifier"] == "MESH:D001241"
    assert [node.role for node in document.relations[0].nodes] == ["subject", "object"]
