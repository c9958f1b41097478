from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from kgbuild.protocols import ReadItem
from kgbuild.readers import READERS, read_documents
from kgbuild.records import AnnotatedDocument, Failure

PUBTATOR = """12|t|Aspirin treats headache.
12|a|Aspirin (ASA) inhibits COX-1/2 in humans. No headache.
12\t0\t7\tAspirin\tChemical\tD001241
12\t15\t23\theadache\tDisease\t-1
12\t25\t32\tAspirin\tChemical\tD001241
12\t48\t55\tCOX-1/2\tGene\t5742,5743
12\t59\t65\thumans\tSpecies\t9606
12\t70\t78\theadache\tDisease\tMESH:D006261
12\tInhibit\tD001241\t5742\tNovel
12\tTreat\tD001241\tD006261\tNo
"""


def read(format: str, text: str | bytes) -> list[ReadItem]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(READERS[format]().read(io.BytesIO(data), source="f"))


def document(items: list[ReadItem]) -> AnnotatedDocument:
    found = [item for item in items if isinstance(item, AnnotatedDocument)]
    assert len(found) == 1
    return found[0]


def failures(items: list[ReadItem]) -> list[Failure]:
    return [item for item in items if isinstance(item, Failure)]


def test_pubtator_mentions_and_groundings() -> None:
    items = read("pubtator", PUBTATOR)
    assert not failures(items)
    doc = document(items)
    assert [(m.text, m.category) for m in doc.mentions] == [
        ("Aspirin", "Chemical"), ("headache", "Disease"), ("Aspirin", "Chemical"),
        ("COX-1/2", "Gene"), ("humans", "Species"), ("headache", "Disease"),
    ]  # fmt: skip
    curies = [g.curie for g in doc.groundings]
    assert curies == [
        "MESH:D001241", "", "MESH:D001241", "NCBIGene:5742", "NCBIGene:5743", "NCBITaxon:9606",
        "MESH:D006261",
    ]  # fmt: skip
    assert {g.method for g in doc.groundings} == {"given", "nil"}
    assert all(g.reason for g in doc.groundings if not g.curie)


def test_pubtator_relations_join_the_closest_mentions() -> None:
    doc = document(read("pubtator", PUBTATOR))
    by_id = {m.id: m for m in doc.mentions}
    inhibit, treat = doc.relations
    assert (by_id[inhibit.subject].start, by_id[inhibit.object].start) == (25, 48)
    assert (inhibit.start, inhibit.end, inhibit.novel) == (25, 55, True)
    assert (by_id[treat.subject].start, by_id[treat.object].start) == (25, 70)
    assert treat.novel is False


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("12\tTreat\tD001241\tD999999", "found none for 'D999999'"),
        ("12\t0\t7\tParacetamol\tChemical\tD000082", "the text there is 'Aspirin'"),
        ("13\t0\t7\tAspirin\tChemical\tD001241", "expected an annotation of '12'"),
        ("12\tnonsense", "found 2 fields"),
    ],
)
def test_pubtator_reports_what_has_no_place(line: str, reason: str) -> None:
    items = read("pubtator", PUBTATOR + line + "\n")
    (failure,) = failures(items)
    assert reason in failure.reason
    assert failure.place == "line 11"
    assert failure.document == "PMID:12"
    assert len(document(items).mentions) == 6


def test_pubtator_annotations_without_a_text() -> None:
    (failure,) = read("pubtator", "12\t0\t7\tAspirin\tChemical\tD001241\n")
    assert isinstance(failure, Failure)
    assert "before annotations" in failure.reason


def test_pubtator_bad_bytes_cost_their_document_only() -> None:
    good = b"1|t|Good\n\n"
    items = read("pubtator", good + b"2|t|Caf\xe9\n2|a|x\n\n" + good.replace(b"1|", b"3|"))
    found = [item.document.id for item in items if isinstance(item, AnnotatedDocument)]
    assert found == ["PMID:1", "PMID:3"]
    assert failures(items)[0].place == "line 3"


def test_pubtator_without_empty_lines_between_documents() -> None:
    items = read("pubtator", "1|t|A\n1|a|B\n2|t|C\n2|a|D\n")
    assert [item.document.text for item in items if isinstance(item, AnnotatedDocument)] == [
        "A\nB",
        "C\nD",
    ]


@pytest.mark.parametrize(
    ("category", "raw", "expected"),
    [
        ("Disease", "OMIM:104300", ["OMIM:104300"]),
        ("SNP", "rs113488022", ["DBSNP:rs113488022"]),
        ("CellLine", "CVCL_0030", ["CVCL:0030"]),
        ("SpecificDisease", "D007249+D030342", ["MESH:D007249", "MESH:D030342"]),
        ("SequenceVariant", "c|DEL|1314_1328|", ["tmVar:c|DEL|1314_1328|"]),
        (
            "ProteinMutation",
            "tmVar:p|SUB|V|600|E;HGVS:p.V600E;RS#:113488022",
            ["DBSNP:rs113488022"],
        ),
        ("Gene", "3569(Tax:9606)", ["NCBIGene:3569"]),
        ("Disease", "-", [""]),
        ("Disease", "12345", [""]),
    ],
)
def test_identifiers(category: str, raw: str, expected: list[str]) -> None:
    doc = document(read("pubtator", f"1|t|thing\n1\t0\t5\tthing\t{category}\t{raw}\n"))
    assert [g.curie for g in doc.groundings] == expected


def bioc(
    annotations: list[dict[str, object]], text: str = "naïve α-cells die", **more: object
) -> str:
    passage = {"offset": 0, "infons": {"type": "title"}, "text": text, "annotations": annotations}
    return json.dumps({"documents": [{"id": "1", "passages": [passage], **more}]})


def annotation(start: int, length: int, text: str, key: str = "0") -> dict[str, object]:
    return {
        "id": key,
        "infons": {"type": "Cell", "identifier": "CL:0000171"},
        "text": text,
        "locations": [{"offset": start, "length": length}],
    }


@pytest.mark.parametrize(
    ("start", "length"),
    [(6, 7), (7, 8), (9, 7)],
    ids=["characters", "bytes", "off by three"],
)
def test_bioc_offsets_are_repaired(start: int, length: int) -> None:
    items = read("bioc-json", bioc([annotation(start, length, "α-cells")]))
    assert not failures(items)
    (mention,) = document(items).mentions
    assert (mention.start, mention.end, mention.text) == (6, 13, "α-cells")


def test_bioc_bytes_in_a_later_passage() -> None:
    raw = {
        "id": "1",
        "passages": [
            {"offset": 0, "text": "naïve", "annotations": []},
            {"offset": 7, "text": "α-cells die", "annotations": [annotation(16, 3, "die")]},
        ],
    }
    items = read("bioc-json", json.dumps(raw))
    doc = document(items)
    assert not failures(items)
    assert doc.document.text == "naïve\n\nα-cells die"
    assert doc.mentions[0].text == "die"


def test_bioc_annotation_without_place_is_reported() -> None:
    items = read("bioc-json", bioc([annotation(0, 5, "absent"), annotation(6, 7, "α-cells")]))
    assert "'absent'" in failures(items)[0].reason
    assert len(document(items).mentions) == 1


def test_bioc_several_locations_are_spans() -> None:
    raw = annotation(0, 5, "naïve die")
    raw["locations"] = [{"offset": 0, "length": 5}, {"offset": 14, "length": 3}]
    (mention,) = document(read("bioc-json", bioc([raw]))).mentions
    assert mention.spans == ((0, 5), (14, 17))
    assert mention.text == "naïve α-cells die"


def test_bioc_relation_by_nodes_and_by_identifiers() -> None:
    marks = [annotation(0, 5, "naïve", "a"), annotation(6, 7, "α-cells", "b")]
    marks[0]["infons"] = {"type": "Disease", "identifier": "MESH:D000001"}
    relations = [
        {"id": "R1", "infons": {"type": "x"}, "nodes": [{"refid": "a"}, {"refid": "b"}]},
        {"id": "R2", "infons": {"type": "y", "entity1": "CL:0000171", "entity2": "MESH:D000001",
                                "novel": "Novel"}},
        {"id": "R3", "infons": {"type": "z"}, "nodes": [{"refid": "a"}]},
        {"id": "R4", "infons": {"type": "z"}, "nodes": [{"refid": "a"}, {"refid": "q"}]},
        {"id": "R5", "infons": {"type": "z"}, "nodes": [{"refid": end} for end in "aba"]},
        {"id": "R6", "infons": {"type": "z"}, "nodes": []},
    ]  # fmt: skip
    items = read("bioc-json", bioc(marks, relations=relations))
    doc = document(items)
    texts = {m.id: m.text for m in doc.mentions}
    ends = [(r.predicate, texts[r.subject], texts[r.object], r.novel) for r in doc.relations]
    assert ends == [("x", "naïve", "α-cells", None), ("y", "α-cells", "naïve", True)]
    assert doc.document.metadata["relations_not_binary"] == "2"
    malformed, lost = (failure.reason for failure in failures(items))
    assert "R6 has no ends" in malformed
    assert "'q'" in lost


def test_the_formats_own_example_has_no_failure(shared: Path) -> None:
    items = list(read_documents(shared / "docs" / "bioc" / "everything.xml"))
    assert not failures(items)
    documents = [item.document for item in items if isinstance(item, AnnotatedDocument)]
    assert [d.metadata.get("relations_not_binary", "") for d in documents] == ["", "1"]


DOC = '{"id": "%d", "passages": [{"offset": 0, "text": "Text %d."}]}'


@pytest.mark.parametrize(
    "text",
    [
        '{"PubTator3": [' + DOC % (1, 1) + "," + DOC % (2, 2) + "]}",
        "[" + DOC % (1, 1) + "," + DOC % (2, 2) + "]",
        DOC % (1, 1) + "\n" + DOC % (2, 2) + "\n",
        '{"infons": {"a": [1, 2]}, "documents": ['
        + DOC % (1, 1) + ",\n" + DOC % (2, 2) + '], "after": 1}',
        '[{"documents": [' + DOC % (1, 1) + ']}, {"documents": [' + DOC % (2, 2) + "]}]",
    ],
    ids=["PubTator3", "list", "lines", "collection", "list of collections"],
)  # fmt: skip
def test_bioc_json_shapes(text: str) -> None:
    items = read("bioc-json", text)
    assert [i.document.id for i in items if isinstance(i, AnnotatedDocument)] == [
        "PMID:1",
        "PMID:2",
    ]
    assert not failures(items)


def test_bioc_json_cut_off_and_bad_lines() -> None:
    text = '{"documents": [' + DOC % (1, 1) + "," + DOC % (2, 2)
    items = read("bioc-json", text[:-20])
    assert document(items).document.id == "PMID:1"
    assert failures(items)
    long = '{"id": ' + "1" * 5_000 + "}"
    (first, failure, last) = read("bioc-json", DOC % (1, 1) + f"\n{long}\n" + DOC % (3, 3))
    assert isinstance(first, AnnotatedDocument)
    assert isinstance(last, AnnotatedDocument)
    assert isinstance(failure, Failure)
    assert "4,300 digits" in failure.reason
    items = read("bioc-json", DOC % (1, 1) + "\n{bad}\n" + DOC % (3, 3))
    assert [i.document.id for i in items if isinstance(i, AnnotatedDocument)] == [
        "PMID:1",
        "PMID:3",
    ]
    assert failures(items)[0].place == "line 2"


@pytest.mark.parametrize(
    "text", ['{"documents": [3]}', '{"a": 1}', '{"id": "1", "passages": [{"offset": "x"}]}', "["]
)
def test_bioc_json_that_is_not_bioc(text: str) -> None:
    items = read("bioc-json", text)
    assert failures(items)
    assert all("expected" in f.reason or "not as BioC" in f.reason for f in failures(items)) or (
        "cut off" in failures(items)[0].reason
    )


class Dripping(io.RawIOBase):
    def __init__(self, data: bytes, step: int) -> None:
        self._stream, self._step = io.BytesIO(data), step

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(self._step)


@pytest.mark.parametrize("step", [1, 2, 3, 5, 50])
def test_bioc_json_in_any_chunks(step: int) -> None:
    text = bioc([annotation(6, 7, "α-cells")], text="naïve α-cells 𝛼 die")
    text = json.dumps(json.loads(text), ensure_ascii=False)
    dripped = READERS["bioc-json"]().read(Dripping(text.encode(), step), source="f")  # type: ignore[arg-type]
    assert list(dripped) == read("bioc-json", text)
    assert "𝛼" in document(read("bioc-json", text)).document.text


def test_bioc_offsets_hold_with_gaps_and_sentences() -> None:
    xml = """<collection><source/><date/><key/><document><id>PMC7</id><passage><offset>3</offset>
    <sentence><offset>3</offset><text>One.</text></sentence><sentence><offset>9</offset>
    <text>Two.</text><annotation id="1"><infon key="type">N</infon><location offset="9" length="3"/>
    <text>Two</text></annotation></sentence></passage></document></collection>"""
    doc = document(read("bioc-xml", xml))
    assert doc.document.id == "PMC:PMC7"
    assert doc.document.text == "\n\n\nOne.  Two."
    assert doc.mentions[0].start == 9


def test_control_characters_and_surrogates_keep_offsets() -> None:
    text = "a\x00b\ud800c α-cells"
    items = read("bioc-json", bioc([annotation(6, 7, "α-cells")], text=text))
    doc = document(items)
    assert doc.document.text == "a b\ufffdc α-cells"
    assert doc.mentions[0].text == "α-cells"
    doc.document.text.encode("utf-8")


CORPORA = [
    ("bc5cdr/CDR_DevelopmentSet.PubTator.txt", 500, 9591, 1012),
    ("bc5cdr/CDR_TrainingSet.PubTator.txt", 500, 9385, 1038),
    ("biored/Dev.PubTator", 100, 3533, 1162),
    ("biored/Dev.BioC.XML", 100, 3533, 1162),
    ("biored/Dev.BioC.JSON", 100, 3533, 1162),
    ("biored/Train.PubTator", 400, 13351, 4178),
    ("ncbi_disease/NCBIdevelopset_corpus.txt", 100, 787, 0),
    ("ncbi_disease/NCBItrainset_corpus.txt", 593, 5145, 0),
]


@pytest.mark.parametrize(("name", "documents", "mentions", "relations"), CORPORA)
def test_corpora_are_read_whole(
    shared: Path, name: str, documents: int, mentions: int, relations: int
) -> None:
    items = list(read_documents(shared / "corpora" / name))
    docs = [item for item in items if isinstance(item, AnnotatedDocument)]
    assert not failures(items)
    assert len(docs) == documents
    assert sum(len(d.mentions) for d in docs) == mentions
    assert sum(len(d.relations) for d in docs) == relations
    for doc in docs:
        text = doc.document.text
        assert all(text[m.start : m.end] == m.text for m in doc.mentions)
        assert {g.mention for g in doc.groundings} == {m.id for m in doc.mentions}


def test_forms_of_one_corpus_agree(shared: Path) -> None:
    folder = shared / "corpora" / "biored"
    pubtator, xml, raw = (
        [i for i in read_documents(folder / f"Dev.{kind}") if isinstance(i, AnnotatedDocument)]
        for kind in ("PubTator", "BioC.XML", "BioC.JSON")
    )
    for one, two, three in zip(pubtator, xml, raw, strict=True):
        assert one.mentions == two.mentions == three.mentions
        assert one.groundings == two.groundings == three.groundings
        assert one.relations == two.relations == three.relations


def test_pubtator3_export(shared: Path) -> None:
    path = shared / "docs" / "bioc" / "pubtator3_10.1016_j.molcel.2016.11.034.json"
    (item,) = read_documents(path)
    assert isinstance(item, AnnotatedDocument)
    assert item.document.id == "PMID:28041912"
    assert item.document.date == "2017-01-05"
    assert item.document.metadata["pmc"] == "PMC5218896"
    assert (len(item.mentions), len(item.relations)) == (23, 9)
    assert all(g.curie for g in item.groundings)
