from __future__ import annotations

import io
from itertools import pairwise

import pytest

from kgbuild.protocols import Reader, ReadItem
from kgbuild.readers import READERS
from kgbuild.records import AnnotatedDocument, Failure, Withdrawal

ARTICLE = """<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="2">{pmid}</PMID>
<DateRevised><Year>2018</Year><Month>04</Month><Day>25</Day></DateRevised>
<Article><Journal><JournalIssue><PubDate>{date}</PubDate></JournalIssue>
<Title>A journal</Title><ISOAbbreviation>A. J.</ISOAbbreviation></Journal>
<ArticleTitle>TGF-<i>β</i><sub>1</sub> &lt; X</ArticleTitle>
<ELocationID EIdType="doi" ValidYN="Y">10.1/x</ELocationID>
<Abstract><AbstractText Label="METHODS">We
   did.</AbstractText><AbstractText Label="RESULTS">It was.</AbstractText></Abstract>
<Language>eng</Language>{extra}
<PublicationTypeList><PublicationType>Retracted Publication</PublicationType></PublicationTypeList>
</Article>
<ChemicalList><Chemical><RegistryNumber>0</RegistryNumber>
<NameOfSubstance UI="D001241">Aspirin</NameOfSubstance></Chemical></ChemicalList>
<MeshHeadingList><MeshHeading><DescriptorName UI="D006801" MajorTopicYN="N">Humans</DescriptorName>
</MeshHeading><MeshHeading><DescriptorName UI="D009369" MajorTopicYN="N">Neoplasms</DescriptorName>
<QualifierName UI="Q000188" MajorTopicYN="Y">drug therapy</QualifierName></MeshHeading>
</MeshHeadingList>
<OtherAbstract Type="Publisher" Language="spa"><AbstractText>Hola.</AbstractText></OtherAbstract>
<KeywordList><Keyword>alpha</Keyword><Keyword>beta</Keyword></KeywordList></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="pmc">PMC9</ArticleId></ArticleIdList></PubmedData>
</PubmedArticle>"""
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def article(pmid: str = "1", *, date: str = "<Year>2002</Year>", extra: str = "") -> str:
    return ARTICLE.format(pmid=pmid, date=date, extra=extra)


def read(text: str | bytes) -> list[ReadItem]:
    reader: Reader = READERS["pubmed-xml"]()
    data = text if isinstance(text, bytes) else text.encode()
    return list(reader.read(io.BytesIO(data), source="x.xml"))


def one(text: str) -> AnnotatedDocument:
    (item,) = read(text)
    assert isinstance(item, AnnotatedDocument)
    return item


def ids(items: list[ReadItem]) -> list[str]:
    return [item.document.id for item in items if isinstance(item, AnnotatedDocument)]


def test_passages_keep_inline_markup_labels_and_offsets() -> None:
    document = one(f"<PubmedArticleSet>{article()}</PubmedArticleSet>").document
    assert document.id == "PMID:1"
    parts = [(p.kind, p.label, document.text[p.start : p.end]) for p in document.passages]
    assert parts == [
        ("title", "", "TGF-β1 < X"),
        ("abstract", "METHODS", "We did."),
        ("abstract", "RESULTS", "It was."),
    ]
    assert document.text == "TGF-β1 < X\nWe did.\nIt was."


def test_metadata() -> None:
    metadata = one(f"<PubmedArticleSet>{article()}</PubmedArticleSet>").document.metadata
    assert metadata == {
        "version": "2", "status": "MEDLINE", "revised": "2018-04-25", "journal": "A journal",
        "journal_abbreviation": "A. J.", "doi": "10.1/x", "pmc": "PMC9", "language": "eng",
        "publication_types": "Retracted Publication", "retracted": "true",
        "mesh": "Humans|Neoplasms", "mesh_ids": "MESH:D006801|MESH:D009369",
        "mesh_headings": "Humans|Neoplasms/*drug therapy", "chemicals": "Aspirin",
        "chemical_ids": "MESH:D001241", "keywords": "alpha|beta", "abstract_spa": "Hola.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("<Year>2002</Year><Month>Sep</Month>", "2002-09"),
        ("<Year>2002</Year><Month>9</Month><Day>3</Day>", "2002-09-03"),
        ("<Year>2002</Year><Season>Spring</Season>", "2002"),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", "1998-12"),
        ("<MedlineDate>Winter 2001</MedlineDate>", "2001"),
        ("<MedlineDate>unknown</MedlineDate>", ""),
    ],
)
def test_printed_date(date: str, expected: str) -> None:
    assert one(article(date=date)).document.date == expected


def test_electronic_date_comes_first() -> None:
    extra = "<ArticleDate><Year>2001</Year><Month>01</Month><Day>02</Day></ArticleDate>"
    assert one(article(extra=extra)).document.date == "2001-01-02"


@pytest.mark.parametrize("root", ["", "PubmedArticleSet"])
def test_roots(root: str) -> None:
    text = f"<{root}>{article('7')}</{root}>" if root else article("7")
    assert ids(read(HEAD + text)) == ["PMID:7"]


def test_medline_citation_set() -> None:
    text = "<MedlineCitationSet><MedlineCitation><PMID>5</PMID><Article><ArticleTitle>T"
    text += "</ArticleTitle></Article></MedlineCitation></MedlineCitationSet>"
    assert ids(read(text)) == ["PMID:5"]


def test_book() -> None:
    text = """<PubmedArticleSet><PubmedBookArticle><BookDocument><PMID Version="1">20301295</PMID>
    <Book><BookTitle>GeneReviews</BookTitle><PubDate><Year>1993</Year></PubDate></Book>
    <ArticleTitle>A chapter</ArticleTitle><Language>eng</Language>
    <Abstract><AbstractText Label="Management">Do.</AbstractText></Abstract>
    <Sections><Section><SectionTitle>Summary</SectionTitle></Section></Sections>
    </BookDocument></PubmedBookArticle></PubmedArticleSet>"""
    document = one(text).document
    assert document.id == "PMID:20301295"
    assert document.text == "A chapter\nDo.\nSummary"
    assert document.date == "1993"
    assert document.metadata["book"] == "GeneReviews"


def test_deleted_citations_are_withdrawals() -> None:
    text = f"<PubmedArticleSet>{article()}<DeleteCitation><PMID>3</PMID><PMID>4</PMID>"
    items = read(text + "</DeleteCitation></PubmedArticleSet>")
    assert items[1:] == [Withdrawal("PMID:3", "x.xml"), Withdrawal("PMID:4", "x.xml")]


def test_bad_article_costs_only_itself() -> None:
    bad = article("2").replace("</Article>", "</Artikel>")
    items = read(f"<PubmedArticleSet>\n{article('1')}\n{bad}\n{article('3')}</PubmedArticleSet>")
    assert ids(items) == ["PMID:1", "PMID:3"]
    failure = items[1]
    assert isinstance(failure, Failure)
    assert (failure.source, failure.document) == ("x.xml", "PMID:2")
    assert failure.place == f"line {3 + article().count(chr(10))}, record 2"
    assert "Artikel" in failure.reason


def test_unclosed_article_costs_only_itself() -> None:
    bad = article("2").replace("</PubmedArticle>", "")
    items = read(f"<PubmedArticleSet>{article('1')}{bad}{article('3')}</PubmedArticleSet>")
    assert ids(items) == ["PMID:1", "PMID:3"]
    assert isinstance(items[1], Failure)
    assert "end tag" in items[1].reason


@pytest.mark.parametrize("keep", [0.4, 0.95])
def test_truncated(keep: float) -> None:
    text = HEAD + f"<PubmedArticleSet>{article('1')}{article('2')}</PubmedArticleSet>"
    items = read(text[: int(len(text) * (0.5 + keep / 2))])
    assert ids(items) == ["PMID:1"]
    assert isinstance(items[-1], Failure)
    assert any("cut off" in item.reason for item in items if isinstance(item, Failure))


def test_set_without_its_end_is_reported() -> None:
    items = read(f"<PubmedArticleSet>{article('1')}")
    assert ids(items) == ["PMID:1"]
    assert isinstance(items[-1], Failure)
    assert "before </PubmedArticleSet>" in items[-1].reason


def test_expansion_bomb_is_refused() -> None:
    names = "".join(f'<!ENTITY b{i + 1} "{f"&b{i};" * 10}">' for i in range(12))
    doctype = f'<!DOCTYPE PubmedArticleSet [<!ENTITY b0 "ha">{names}]>'
    text = f"{doctype}<PubmedArticleSet>{article('1')}</PubmedArticleSet>"
    (failure,) = read(text.replace("It was.", "&b12;"))
    assert isinstance(failure, Failure)
    assert "entities" in failure.reason
    assert failure.place == "line 1"


def test_external_entity_is_not_read(tmp_path: object) -> None:
    text = f'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>{article("1")}'
    (failure,) = read(text.replace("It was.", "&e;"))
    assert isinstance(failure, Failure)


def test_html_entities_and_control_characters_are_repaired() -> None:
    text = article().replace("It was.", "It&alpha;\x01was&#x2;.")
    assert one(text).document.text.endswith("Itα was .")


def test_commented_articles_are_passed_over() -> None:
    items = read(f"<PubmedArticleSet><!-- {article('1')} -->{article('2')}</PubmedArticleSet>")
    assert ids(items) == ["PMID:2"]


def test_declared_encoding() -> None:
    text = f'<?xml version="1.0" encoding="ISO-8859-1"?><PubmedArticleSet>{article()}'
    text = text.replace("β", "é") + "</PubmedArticleSet>"
    (item,) = read(text.encode("latin-1"))
    assert isinstance(item, AnnotatedDocument)
    assert "TGF-é1" in item.document.text


def test_wrong_encoding_is_a_failure_that_says_so() -> None:
    good, bad = article("1").encode(), article("2").replace("β", "é").encode("latin-1")
    items = read(b"<PubmedArticleSet>" + bad + good + b"</PubmedArticleSet>")
    assert ids(items) == ["PMID:1"]
    assert isinstance(items[0], Failure)
    assert items[0].document == "PMID:2"


def test_article_without_pmid_is_a_failure() -> None:
    (failure,) = read(article().replace("PMID", "ID"))
    assert isinstance(failure, Failure)
    assert "<PMID>" in failure.reason


def test_million_characters() -> None:
    text = article().replace("It was.", "word " * 250_000)
    assert len(one(text).document.text) > 1_200_000


class Dripping(io.RawIOBase):
    """Gives a few bytes at a time, so that every tag is cut somewhere."""

    def __init__(self, data: bytes, step: int) -> None:
        self._stream, self._step = io.BytesIO(data), step

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(self._step)


@pytest.mark.parametrize("step", [1, 7, 64, 1000])
def test_any_chunking_reads_the_same(step: int) -> None:
    text = HEAD + f"<PubmedArticleSet><!-- {article('9')} -->"
    text += "\n".join(article(str(i)) for i in range(5)) + "</PubmedArticleSet>"
    whole = read(text)
    reader = READERS["pubmed-xml"]()
    dripped = list(reader.read(Dripping(text.encode(), step), source="x.xml"))  # type: ignore[arg-type]
    assert dripped == whole
    assert len(whole) == 5


def test_memory_stays_flat() -> None:
    import tracemalloc

    def peak(count: int) -> int:
        many = (article(str(i)).encode() for i in range(count))
        stream = Pieces(many)
        tracemalloc.start()
        reader = READERS["pubmed-xml"]()
        assert sum(1 for _ in reader.read(stream, source="x")) == count  # type: ignore[arg-type]
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peaks = [peak(count) for count in (400, 1_600)]
    for smaller, larger in pairwise(peaks):
        assert larger < 1.3 * smaller + 1_000_000


class Pieces(io.RawIOBase):
    def __init__(self, pieces: object) -> None:
        self._pieces = iter(pieces)  # type: ignore[call-overload]

    def read(self, size: int = -1) -> bytes:
        return b"".join(piece for _, piece in zip(range(200), self._pieces, strict=False))
