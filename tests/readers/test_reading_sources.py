from __future__ import annotations

import gzip
import io
import re
import sys
import zipfile
from pathlib import Path

import pytest

from kgbuild.errors import InputError
from kgbuild.protocols import Reader, ReadItem
from kgbuild.readers import READERS, check_options, detect_format, read_documents
from kgbuild.records import AnnotatedDocument, Failure

LINES = "".join(f"{n}|t|Title {n}\n{n}|a|Abstract {n}.\n\n" for n in range(1, 2001))


def ids(items: list[ReadItem]) -> list[str]:
    return [item.document.id for item in items if isinstance(item, AnnotatedDocument)]


def failures(items: list[ReadItem]) -> list[Failure]:
    return [item for item in items if isinstance(item, Failure)]


def test_every_format_makes_a_reader() -> None:
    assert list(READERS) == sorted(READERS)
    for name in set(READERS) - {"pdf"}:
        assert isinstance(READERS[name](), Reader)


def test_folder_is_sorted_recursive_and_without_hidden_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.txt", "c.txt", "a.txt", ".hidden.txt"):
        (tmp_path / name).write_text(f"Text of {name}.")
    items = list(read_documents(tmp_path))
    names = [Path(d.document.source).name for d in items if isinstance(d, AnnotatedDocument)]
    assert names == ["a.txt", "c.txt", "2.txt"]


def test_globs_and_several_inputs(tmp_path: Path) -> None:
    for name in ("1.txt", "2.txt", "3.md"):
        (tmp_path / name).write_text(f"Text {name}")
    assert len(list(read_documents([tmp_path / "3.md", f"{tmp_path}/*.txt"]))) == 3


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"1|t|Title\n1|a|Abstract.\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    (item,) = read_documents("-")
    assert isinstance(item, AnnotatedDocument)
    assert (item.document.id, item.document.source) == ("PMID:1", "-")


class Unseekable(io.BytesIO):
    def seekable(self) -> bool:
        return False


def test_zip_from_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x.txt", LINES)
    stdin = io.TextIOWrapper(Unseekable((tmp_path / "a.zip").read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert len(ids(list(read_documents("-")))) == 2000


def test_gzip_with_several_members(tmp_path: Path) -> None:
    path = tmp_path / "x.txt.gz"
    path.write_bytes(gzip.compress(b"1|t|A\n") + gzip.compress(b"\n2|t|B\n") + b"\0" * 100)
    items = list(read_documents(path))
    assert ids(items) == ["PMID:1", "PMID:2"]
    assert not failures(items)


def test_truncated_gzip_gives_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "x.txt.gz"
    packed = gzip.compress(LINES.encode())
    path.write_bytes(packed[: len(packed) // 2])
    items = list(read_documents(path))
    assert 500 < len(ids(items)) < 1990
    assert "cut off" in failures(items)[-1].reason
    assert failures(items)[-1].source == str(path)


def test_damaged_gzip(tmp_path: Path) -> None:
    path = tmp_path / "x.txt.gz"
    packed = bytearray(gzip.compress(LINES.encode()))
    packed[-8:-4] = b"\0\0\0\0"
    path.write_bytes(packed)
    items = list(read_documents(path))
    assert len(ids(items)) == 2000
    assert "damaged gzip" in failures(items)[-1].reason


def test_zip_members_and_gzip_within(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/x.txt", "1|t|A\n")
        archive.writestr("in/y.txt.gz", gzip.compress(b"2|t|B\n"))
        archive.writestr("in/.DS_Store", "hidden")
    items = list(read_documents(path))
    assert ids(items) == ["PMID:1", "PMID:2"]
    first = items[0]
    assert isinstance(first, AnnotatedDocument)
    assert first.document.source == f"{path}!in/x.txt"


def test_damaged_zip_member_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("x.txt", "1|t|AAAA\n")
        archive.writestr("y.txt", "2|t|BBBB\n")
    path.write_bytes(path.read_bytes().replace(b"1|t|AAAA", b"1|t|AAAX"))
    items = list(read_documents(path))
    assert "PMID:2" in ids(items)
    assert [f.source for f in failures(items)] == [f"{path}!x.txt"]


def test_truncated_zip(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.txt", LINES)
    path.write_bytes(path.read_bytes()[:500])
    (failure,) = read_documents(path)
    assert isinstance(failure, Failure)
    assert "zip" in failure.reason


@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_decompression_bomb_is_stopped(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"bomb.txt.{kind}"
    zeros = b"1|t|" + b"a" * 100_000_000
    if kind == "gz":
        path.write_bytes(gzip.compress(zeros))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.txt", zeros)
    reasons = [f.reason for f in failures(list(read_documents(path)))]
    assert any("decompression bomb" in reason for reason in reasons)


def test_missing_path_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "abstracts.xml").write_text("x")
    with pytest.raises(InputError, match=r"did you mean .*abstracts\.xml"):
        read_documents(tmp_path / "abstract.xml")


def test_inputs_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no input"):
        read_documents([])
    with pytest.raises(InputError, match="no file matches"):
        read_documents(f"{tmp_path}/*.xml")
    with pytest.raises(InputError, match="empty folder"):
        read_documents(tmp_path)


def test_empty_file_is_a_failure_and_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("")
    (tmp_path / "b.txt").write_text("Text.")
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress(b""))
    items = list(read_documents(tmp_path))
    assert [f.reason.split(":")[0] for f in failures(items)] == ["empty file", "empty file"]
    assert len(ids(items)) == 1


def test_unknown_format_is_a_failure_beside_others_and_an_error_alone(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(InputError, match="unknown format"):
        list(read_documents(tmp_path))
    (tmp_path / "b.txt").write_text("Text.")
    items = list(read_documents(tmp_path))
    assert len(ids(items)) == 1
    assert "unknown format" in failures(items)[0].reason


def test_unreadable_file_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    (tmp_path / "b.txt").write_text("Text.")
    opened = Path.open

    def deny(self: Path, *args: str, **kwargs: str) -> object:
        if self.name == "a.txt":
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", deny)
    items = list(read_documents(tmp_path))
    assert "Permission denied" in failures(items)[0].reason
    assert len(ids(items)) == 1


def test_unknown_format_name_and_option(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    with pytest.raises(ValueError, match="did you mean 'pubtator'"):
        read_documents(tmp_path, format="pubtater")
    with pytest.raises(ValueError, match="did you mean 'text_field'"):
        read_documents(tmp_path, textfield="body")
    with pytest.raises(ValueError, match="unknown option 'text_field'"):
        read_documents(tmp_path, format="text", text_field="body")


@pytest.mark.parametrize("encoding", ["latin-99", "rot13", 7])
def test_an_unknown_encoding_is_said_at_once(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    with pytest.raises(ValueError, match="unknown encoding"):
        read_documents(tmp_path, encoding=encoding)
    with pytest.raises(ValueError, match="max_ratio"):
        read_documents(tmp_path, max_ratio="much")  # type: ignore[arg-type]


def test_a_readers_own_mistake_costs_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kgbuild.readers.jsonl import JsonlReader

    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "b.txt").write_text("Text.")
    right = JsonlReader._document

    def wrong(self: JsonlReader, item: object, source: str) -> object:
        right(self, item, source)
        raise KeyError("a mistake")

    monkeypatch.setattr(JsonlReader, "_document", wrong)
    items = list(read_documents(tmp_path))
    assert len(ids(items)) == 1
    assert failures(items) == [
        Failure(
            str(tmp_path / "a.jsonl"),
            "read",
            "the jsonl reader failed: KeyError: 'a mistake'; please report it",
        )
    ]

    def deliberate(self: JsonlReader, item: object, source: str) -> object:
        raise InputError("on purpose")

    monkeypatch.setattr(JsonlReader, "_document", deliberate)
    with pytest.raises(InputError, match="on purpose"):
        list(read_documents(tmp_path))


@pytest.mark.parametrize(
    ("format", "options", "said"),
    [
        ("jsonl", {"text_field": 7}, "'text_field' must be a text or a list of texts or null"),
        ("jsonl", {"metadata_fields": "journal"}, "'metadata_fields' must be a list of texts or"),
        (None, {"id_prefix": None}, "'id_prefix' must be a text, got None"),
        ("jsonl", {"text_feld": "a"}, "did you mean 'text_field'?"),
        (None, {"encodin": "latin-1"}, "did you mean 'encoding'?"),
        ("text", {"encoding": "klingon"}, "unknown encoding 'klingon'"),
        ("text", {"max_ratio": float("nan")}, "max_ratio must be a number above 0"),
        ("jsnol", {}, "did you mean 'jsonl'?"),
    ],
)
def test_options_are_checked_before_reading(
    format: str | None, options: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        check_options(format, options)


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        ("<?xml version='1.0'?><!DOCTYPE PubmedArticleSet SYSTEM 'x'><PubmedArticleSet>", "x",
         "pubmed-xml"),
        ("<MedlineCitationSet>", "x.xml", "pubmed-xml"),
        ("<!-- a --><article xmlns:xlink='x'>", "x.nxml", "jats"),
        ("<pmc-articleset>", "x.xml", "jats"),
        ("<!DOCTYPE collection SYSTEM 'BioC.dtd'>\n<collection>", "x.xml", "bioc-xml"),
        ('{"source": "", "documents": [{"id": "1"}]}', "x.json", "bioc-json"),
        ('{"PubTator3": []}', "x", "bioc-json"),
        ('[{"passages": []}]', "x.json", "bioc-json"),
        ('{"id": 1, "text": "a"}', "x.jsonl", "jsonl"),
        ("\ufeff12|t|Title", "x.txt", "pubtator"),
        ("\nPMID- 12\nOWN - NLM\n", "x.txt", "medline"),
        ("A text.", "x.txt", "text"),
        ("# T", "x.md", "markdown"),
        ("<!doctype html><html>", "x", "html"),
        ("<div>a</div>", "x.html", "html"),
        ("%PDF-1.7", "x", "pdf"),
        ("A text.", "-", "text"),
        ("12|t|Title", "archive.zip!x.txt.gz", "pubtator"),
    ],
)  # fmt: skip
def test_detection(head: str, name: str, expected: str) -> None:
    assert detect_format(head.encode(), name) == expected


@pytest.mark.parametrize(("head", "name"), [("<rdf>", "x.xml"), ("\0\1\2", "x"), ("a,b", "x.csv")])
def test_detection_of_what_is_not_known(head: str, name: str) -> None:
    with pytest.raises(InputError, match="unknown"):
        detect_format(head.encode(), name)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_byte_order_marks(encoding: str, tmp_path: Path) -> None:
    mark = "\ufeff" if encoding in {"utf-16-le", "utf-16-be"} else ""
    (tmp_path / "a.txt").write_bytes(f"{mark}1|t|Tïtle β\n".encode(encoding))
    (item,) = read_documents(tmp_path / "a.txt")
    assert isinstance(item, AnnotatedDocument)
    assert (item.document.id, item.document.text) == ("PMID:1", "Tïtle β")


def test_utf_16_xml(tmp_path: Path) -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?><PubmedArticleSet><PubmedArticle>'
    text += "<MedlineCitation><PMID>1</PMID><Article><ArticleTitle>β</ArticleTitle></Article>"
    text += "</MedlineCitation></PubmedArticle></PubmedArticleSet>"
    (tmp_path / "a.xml").write_bytes(text.encode("utf-16"))
    (item,) = read_documents(tmp_path)
    assert isinstance(item, AnnotatedDocument)
    assert item.document.text == "β"


def test_named_encoding_and_its_absence(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("Good line.\nCafé au lait.".encode("latin-1"))
    (failure,) = read_documents(path)
    assert isinstance(failure, Failure)
    assert "expected UTF-8, but byte 14 is 0xe9" in failure.reason
    assert failure.place == "line 2"
    (item,) = read_documents(path, encoding="latin-1")
    assert isinstance(item, AnnotatedDocument)
    assert "Café" in item.document.text
