from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from kgbuild.errors import MissingExtraError
from kgbuild.protocols import ReadItem
from kgbuild.readers import READERS, read_documents
from kgbuild.records import AnnotatedDocument, Document, Failure, document_hash


def read(format: str, text: str | bytes, **options: object) -> list[ReadItem]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(READERS[format](**options).read(io.BytesIO(data), source="f"))


def one(items: list[ReadItem]) -> Document:
    (item,) = items
    assert isinstance(item, AnnotatedDocument), item
    return item.document


def reason(items: list[ReadItem]) -> str:
    (item,) = items
    assert isinstance(item, Failure)
    return item.reason


def parts(document: Document) -> list[tuple[str, str, str]]:
    return [(p.kind, p.label, document.text[p.start : p.end]) for p in document.passages]


JATS = """<article xmlns:xlink="http://www.w3.org/1999/xlink" article-type="research-article">
<front><journal-meta><journal-title-group><journal-title>J</journal-title></journal-title-group>
</journal-meta><article-meta>{ids}
<title-group><article-title>On <italic>E. coli</italic></article-title></title-group>
<pub-date pub-type="ppub"><year>2012</year></pub-date>
<pub-date pub-type="epub"><day>3</day><month>9</month><year>2012</year></pub-date>
<permissions><license xlink:href="https://l"/></permissions>
<abstract><sec><title>Background</title><p>Known.</p></sec></abstract>
<kwd-group><kwd>one</kwd><kwd>two</kwd></kwd-group></article-meta></front>
<body><sec><label>1.</label><title>Methods</title><p>We did<xref>1</xref>. <fig>
<label>Figure 1</label>
<caption><title>Shown.</title><p>A plot.</p></caption><graphic xlink:href="x"/></fig>After it.</p>
<sec><title>Inner</title><list><list-item><p>First</p></list-item></list></sec>
<table-wrap><label>Table 1</label><caption><p>Doses.</p></caption><table>
<tr><th>Drug</th><th>mg</th></tr><tr><td>Aspirin</td><td>5</td></tr></table><table-wrap-foot><fn><p>Daily.</p></fn>
</table-wrap-foot></table-wrap></sec></body>
<back><ack><p>Thanks.</p></ack><ref-list><ref><mixed-citation>Not read</mixed-citation></ref>
</ref-list></back></article>"""
IDS = '<article-id pub-id-type="pmid">1</article-id><article-id pub-id-type="pmc">2</article-id>'
IDS += '<article-id pub-id-type="doi">10.1234/x</article-id>'


def test_jats_passages() -> None:
    document = one(read("jats", JATS.format(ids=IDS)))
    assert parts(document) == [
        ("title", "", "On E. coli"),
        ("abstract", "Background", "Known."),
        ("keywords", "", "one, two"),
        ("heading", "", "1. Methods"),
        ("paragraph", "1. Methods", "We did1."),
        ("figure", "Figure 1", "Shown. A plot."),
        ("paragraph", "1. Methods", "After it."),
        ("heading", "", "Inner"),
        ("list", "Inner", "First"),
        ("table", "Table 1", "Doses."),
        ("table", "Table 1", "Drug | mg"),
        ("table", "Table 1", "Aspirin | 5"),
        ("table", "Table 1", "Daily."),
        ("paragraph", "", "Thanks."),
    ]
    assert document.date == "2012-09-03"
    assert document.metadata["license"] == "https://l"
    assert document.metadata["journal"] == "J"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(slice(None), "PMID:1"), (slice(1, None), "PMC:PMC2"), (slice(2, None), "DOI:10.1234/x")],
)
def test_jats_ids(wanted: slice, expected: str) -> None:
    ids = "".join([f"{part}</article-id>" for part in IDS.split("</article-id>")[:-1]][wanted])
    document = one(read("jats", JATS.format(ids=ids)))
    assert document.id == expected
    assert document.metadata["doi"] == "10.1234/x"


def test_jats_without_any_id_has_the_hash_of_its_text() -> None:
    document = one(read("jats", JATS.format(ids="")))
    assert document.id == document_hash(document.text)


def test_jats_sets_and_namespaces() -> None:
    first = JATS.format(ids=IDS).replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    second = JATS.format(ids="").replace("<article ", '<article xmlns="https://jats.nlm.nih.gov" ')
    text = '<pmc-articleset xmlns:xlink="http://www.w3.org/1999/xlink">' + first + second
    items = read("jats", text + "</pmc-articleset>")
    documents = [item.document for item in items if isinstance(item, AnnotatedDocument)]
    assert len(documents) == len(items) == 2
    assert documents[0].text == documents[1].text


def test_medline() -> None:
    text = """
PMID- 12
STAT- MEDLINE
LR  - 20041117
DP  - 2002 Sep
TI  - A title that
      goes on.
AB  - BACKGROUND: Known things. RESULTS: New
      things.
MH  - *Humans
MH  - Neoplasms/*drug therapy
RN  - 0 (Aspirin)
JT  - A journal
PMC - PMC5
AID - 10.1/x [doi]

PMID- 13
TI  - Another.
"""
    items = read("medline", text)
    first, second = (item.document for item in items if isinstance(item, AnnotatedDocument))
    assert parts(first) == [
        ("title", "", "A title that goes on."),
        ("abstract", "BACKGROUND", "Known things."),
        ("abstract", "RESULTS", "New things."),
    ]
    assert (first.id, first.date, second.id) == ("PMID:12", "2002-09", "PMID:13")
    assert first.metadata == {
        "mesh_headings": "*Humans|Neoplasms/*drug therapy", "mesh": "Humans|Neoplasms",
        "chemicals": "Aspirin", "journal": "A journal", "pmc": "PMC5", "doi": "10.1/x",
        "revised": "2004-11-17", "status": "MEDLINE",
    }  # fmt: skip


def test_medline_failures_name_the_line() -> None:
    items = read(
        "medline", b"PMID- x\nTI  - A\n\nPMID- 2\nTI  - Caf\xe9\n\nPMID- 3\nTI  - C\nodd\n"
    )
    bad = [item for item in items if isinstance(item, Failure)]
    assert {item.place for item in bad} == {"line 1", "line 4", "line 9"}
    assert any("line 5: expected UTF-8" in item.reason for item in bad)
    assert [i.document.id for i in items if isinstance(i, AnnotatedDocument)] == ["PMID:3"]


def test_jsonl_fields() -> None:
    line = '{"pmid": 7, "body": "Text.", "name": "Title", "when": "2020-01-02", "n": [1, 2]}\n'
    options = {"text_field": "body", "id_field": "pmid", "title_field": "name"}
    document = one(read("jsonl", line, **options, date_field="when", id_prefix="PMID"))
    assert (document.id, document.date, document.text) == ("PMID:7", "2020-01-02", "Title\nText.")
    assert document.metadata == {"n": "1|2"}


@pytest.mark.parametrize(
    ("line", "identifier", "text"),
    [
        ('{"id": "a", "title": "T", "abstract": "A."}', "kgb.doc:a", "T\nA."),
        ('{"pmid": 7, "abstract": "A.", "body": ["B.", "C."]}', "PMID:7", "A.\nB.\nC."),
        ('{"doi": "https://doi.org/10.1016/x", "full_text": "F."}', "DOI:10.1016/x", "F."),
        ('{"pmcid": "PMC3", "text": "T.", "abstract": "A."}', "PMC:PMC3", "T."),
        ('{"id": "", "pmid": "8", "title": "T", "abstract": null}', "PMID:8", "T"),
    ],
)
def test_jsonl_of_usual_names_needs_no_options(line: str, identifier: str, text: str) -> None:
    document = one(read("jsonl", line))
    assert (document.id, document.text) == (identifier, text)


def test_jsonl_several_fields_of_text() -> None:
    lines = '{"summary": "S.", "main": "M."}\n{"main": "N."}\n{"other": "O."}\n'
    first, second, failure = read("jsonl", lines, text_field=["main", "summary"])
    assert [one([item]).text for item in (first, second)] == ["M.\nS.", "N."]
    assert reason([failure]).startswith("expected the field 'main' or 'summary', found 'other'")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"texts": "a"}', "found 'texts'; the nearest is 'texts'"),
        ('{"texts": "a"}', "configuration: reading: {options: {text_field: texts}}"),
        ('{"text": 3}', "expected a string or a list of strings in 'text', found int"),
        ('{"text": ""}', "no text"),
        ("[1]", "expected a JSON object, found list"),
        ("{", "expected a JSON object, but"),
        ("[" * 100_000, "nested too deeply"),
        ('{"text": "a", "id": ' + "1" * 5_000 + "}", "up to 4,300 digits"),
    ],
)
def test_jsonl_bad_lines_cost_only_themselves(line: str, expected: str) -> None:
    items = read("jsonl", f'{{"text": "a"}}\n\n{line}\n{{"text": "b", "id": "x y"}}\n')
    assert [i.document.text for i in items if isinstance(i, AnnotatedDocument)] == ["a", "b"]
    (failure,) = (item for item in items if isinstance(item, Failure))
    assert expected in failure.reason
    assert failure.place == "line 3"


def test_jsonl_surrogates_and_controls() -> None:
    document = one(read("jsonl", '{"text": "a\\u0000b\\ud800c", "id": "MONDO:1"}'))
    assert (document.id, document.text) == ("MONDO:1", "a b\ufffdc")


def test_text_blocks_and_line_ends() -> None:
    document = one(read("text", "One\r\ntwo.\r\n \r\n\r\n  Three.\n"))
    assert document.text == "One\ntwo.\n \n\n  Three.\n"
    assert [text for _, _, text in parts(document)] == ["One\ntwo.", "Three."]
    assert document.id == document_hash(document.text)


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_text_that_is_none(format: str) -> None:
    assert "white space only" in reason(read(format, " \n\n"))
    assert "NUL" in reason(read(format, b"a\0b"))
    assert "byte 1 is 0xe9" in reason(read(format, b"a\xe9"))


def test_markdown_is_what_is_read() -> None:
    text = (
        "---\nx: 1\n---\n# The *title*\n\n**Vemurafenib** inhibits `BRAF`, a [kinase](http://k)\n"
        "_of_ melanoma.<br>It ![shown](i.png) &lt; 2<sup>5</sup>.\n\nSub\n---\n\n- a\n  - b\n\n"
        "> quoted\n\n```\ncode\n```\n\n    indented code\n"
        "\n| a | b |\n|---|---|\n| 1 | ~~2~~ |\n\n<div>Seen\n<script>not</script></div>\n"
    )
    document = one(read("markdown", text))
    assert parts(document) == [
        ("title", "", "The title"),
        (
            "paragraph",
            "The title",
            "Vemurafenib inhibits BRAF, a kinase of melanoma. It shown < 25.",
        ),
        ("heading", "", "Sub"),
        ("list", "Sub", "a"),
        ("list", "Sub", "b"),
        ("paragraph", "Sub", "quoted"),
        ("table", "Sub", "a | b"),
        ("table", "Sub", "1 | 2"),
        ("paragraph", "Sub", "Seen"),
    ]
    assert document.id == document_hash(document.text)


def test_markdown_without_prose_and_deep() -> None:
    assert "code or front matter only" in reason(read("markdown", "```\ncode\n```\n"))
    assert one(read("markdown", "> " * 60 + "within")).text == "within"


def test_html_is_what_is_seen() -> None:
    page = """<!doctype html><html><head><title>Page</title><style>b{}</style>
    <meta name="citation_pmid" content="12"><meta name="citation_date" content="2011/02/03"></head>
    <body><nav>Menu</nav><h1>Head</h1><p>One <b>bold</b>,<br>two.<script>x()</script></p>
    <p hidden>not</p><ul><li>item</li></ul><table><tr><td>a</td><td>b</td></tr></table>
    <div>tail &alpha;</div></body></html>"""
    document = one(read("html", page))
    assert parts(document) == [
        ("title", "", "Page"), ("heading", "", "Head"), ("paragraph", "Head", "One bold, two."),
        ("list", "Head", "item"), ("table", "Head", "a b"), ("paragraph", "Head", "tail α"),
    ]  # fmt: skip
    assert (document.id, document.date) == ("PMID:12", "2011-02-03")


def test_html_deep_and_empty() -> None:
    for depth in (260, 1_000):
        deep = "<div>" * depth + "within" + "</div>" * depth
        page = f"<html><body><p>before</p>{deep}<p>after</p></body></html>"
        assert [text for _, _, text in parts(one(read("html", page)))] == [
            "before",
            "within",
            "after",
        ]
    endless = "<p>before</p>" + "<div>" * 3_000 + "within" + "</div>" * 3_000
    assert "2,048 deep" in reason(read("html", f"<html><body>{endless}</body></html>"))
    assert "visible text" in reason(read("html", "<html><script>x</script></html>"))


def make_pdf(pages: list[str]) -> bytes:
    """Write a PDF by hand: pypdf writes no text."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>"]
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects += [f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>"]
    objects += ["<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    for number, page in enumerate(pages):
        shown = "".join(f"({line}) Tj 0 -14 Td " for line in page.split("\n") if line)
        content = f"BT /F1 12 Tf 72 700 Td {shown}ET"
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {5 + 2 * number} 0 R"
            "/Resources<</Font<</F1 3 0 R>>>>>>"
        )
        objects.append(f"<</Length {len(content)}>>\nstream\n{content}\nendstream")
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    return (
        out
        + f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n".encode()
    )


def test_pdf_pages(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    (tmp_path / "a.pdf").write_bytes(make_pdf(["Aspirin inhi-\nbits COX.", "", "Page three."]))
    document, failure = read_documents(tmp_path)
    assert isinstance(document, AnnotatedDocument)
    assert parts(document.document) == [
        ("paragraph", "page 1", "Aspirin inhibits COX."),
        ("paragraph", "page 3", "Page three."),
    ]
    assert isinstance(failure, Failure)
    assert failure.place == "page 2"


def test_damaged_pdf() -> None:
    pytest.importorskip("pypdf")
    assert "damaged PDF" in reason(read("pdf", make_pdf(["Text."])[:60]))


def test_pdf_without_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(MissingExtraError, match=r"kgbuild\[pdf\]"):
        READERS["pdf"]()


def test_everything_in_docs_is_read_without_loss(shared: Path) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
    import reading

    for path in sorted((shared / "docs").rglob("*.*")):
        if path.suffix == ".md":
            continue
        name = reading.detect_format(path.read_bytes()[:65536], str(path))
        found = [d for d in read_documents(path) if isinstance(d, AnnotatedDocument)]
        letters = sum(reading.letters(d.document.text) for d in found)
        assert letters == reading.SOURCES[name](path) > 0, path
