"""What the readers read of ../shared, checked against independent counts, and how fast.

    python benchmarks/reading.py [--megabytes 60]

The first table lists everything in ../shared/docs and the annotated corpora. "source" counts
letters and digits of the text in the file by other means than the readers (all text nodes of
title, abstract and body; fields of lines), "read" those of the documents' text. The second
measures PubMed XML against the bare cost of lxml.etree.iterparse with clearing, the third the
peak memory at 1, 4 and 16 times the input.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from kgbuild.readers import detect_format, read_documents
from kgbuild.records import AnnotatedDocument, Failure

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
LEFT_OUT = {"ref-list", "tex-math", "object-id", "media", "graphic", "permissions", "sub-article"}
FLOATS = {"fig", "table-wrap", "supplementary-material"}


def letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def pubmed_source(path: Path) -> int:
    root = etree.parse(path).getroot()
    nodes = root.xpath(
        "//MedlineCitation/Article/ArticleTitle | //MedlineCitation/Article/Abstract/AbstractText"
        " | //OtherAbstract[@Language='eng']/AbstractText"
    )
    return sum(letters("".join(node.itertext())) for node in nodes)


def jats_source(path: Path) -> int:
    root = etree.parse(path).getroot()
    wanted = root.xpath(
        "//title-group/article-title | //title-group/subtitle | //article-meta/abstract"
        " | //kwd | /article/body | //article/body | //article/back | //floats-group"
    )
    return sum(letters("".join(_jats_texts(node))) for node in wanted)


def _jats_texts(node: Any) -> Iterator[str]:
    for text in node.xpath(".//text()"):
        owner = text.getparent() if text.is_text else text.getparent().getparent()
        line = [owner, *owner.iterancestors()]
        tags = [element.tag for element in line]
        if LEFT_OUT & {tag for tag in tags if isinstance(tag, str)}:
            continue
        if not isinstance(text.getparent().tag, str) and text.is_text:
            continue
        # These become the label of a passage, which is not part of the text.
        if "label" in tags and tags[tags.index("label") + 1] in FLOATS:
            continue
        if "title" in tags and tags[tags.index("title") + 1] == "sec" and "abstract" in tags:
            continue
        yield str(text)


def medline_source(path: Path) -> int:
    text = re.sub(r"\s*\n {6}", " ", path.read_text())
    found = re.findall(r"^(?:TI|AB)  - (.*)$", text, re.MULTILINE)
    label = r"(^|(?<=[.!?)] ))[A-Z][A-Z /&,'-]{2,60}: (?=\S)"
    # An abstract is structured if it begins with a label.
    texts = (re.sub(label, "", part) if re.match(label, part) else part for part in found)
    return sum(map(letters, texts))


def pubtator_source(path: Path) -> int:
    found = re.findall(r"^[^|\t\n]*\|[ta]\|(.*)$", path.read_text(), re.MULTILINE)
    return sum(map(letters, found))


def bioc_xml_source(path: Path) -> int:
    texts = etree.parse(path).getroot().xpath("//passage/text/text() | //sentence/text/text()")
    return sum(map(letters, texts))


def bioc_json_source(path: Path) -> int:
    raw = json.loads(path.read_text())
    documents = raw.get("documents") or raw.get("PubTator3") or [raw]
    parts = [
        part
        for item in documents
        for passage in item["passages"]
        for part in (passage, *passage.get("sentences", []))
    ]
    return sum(letters(part.get("text") or "") for part in parts)


SOURCES: dict[str, Callable[[Path], int]] = {
    "pubmed-xml": pubmed_source, "jats": jats_source, "medline": medline_source,
    "pubtator": pubtator_source, "bioc-xml": bioc_xml_source, "bioc-json": bioc_json_source,
}  # fmt: skip


def reading_table() -> list[Failure]:
    files = [p for p in sorted((SHARED / "docs").rglob("*")) if p.is_file() and p.suffix != ".md"]
    for folder, pattern in (("bc5cdr", "CDR*"), ("biored", "*.*"), ("ncbi_disease", "*.txt")):
        files += [
            p for p in sorted((SHARED / "corpora" / folder).glob(pattern)) if p.suffix != ".md"
        ]
    groups: dict[tuple[str, str], list[Path]] = {}
    for path in files:
        with path.open("rb") as stream:
            name = detect_format(stream.read(1 << 16), str(path))
        groups.setdefault((str(path.parent.relative_to(SHARED)), name), []).append(path)
    head = (
        "folder",
        "format",
        "files",
        "documents",
        "passages",
        "characters",
        "source",
        "read",
        "mentions",
        "relations",
        "failures",
    )
    line = "{:22} {:10} {:>5} {:>9} {:>8} {:>10} {:>8} {:>8} {:>8} {:>9} {:>8}"
    print(line.format(*head))
    failures: list[Failure] = []
    for (folder, name), paths in groups.items():
        items = list(read_documents(paths))
        read = [item for item in items if isinstance(item, AnnotatedDocument)]
        bad = [item for item in items if isinstance(item, Failure)]
        failures += bad
        print(line.format(
            folder, name, len(paths), len(read), sum(len(d.document.passages) for d in read),
            sum(len(d.document.text) for d in read), sum(map(SOURCES[name], paths)),
            sum(letters(d.document.text) for d in read), sum(len(d.mentions) for d in read),
            sum(len(d.relations) for d in read), len(bad),
        ))  # fmt: skip
    return failures


def big_file(folder: Path, megabytes: int) -> Path:
    """Write the articles of ../shared/docs/pubmed_xml over and over as one set."""
    articles = []
    for path in sorted((SHARED / "docs" / "pubmed_xml").glob("*.xml")):
        root = etree.parse(path).getroot()
        articles += [etree.tostring(article) for article in root.iter("PubmedArticle")]
    once = b"".join(articles)
    path = folder / f"pubmed{megabytes}.xml"
    with path.open("wb") as out:
        out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<PubmedArticleSet>')
        for _ in range(max(1, megabytes * 1_000_000 // len(once))):
            out.write(once)
        out.write(b"</PubmedArticleSet>\n")
    return path


def bare(path: Path) -> int:
    count = 0
    for _, element in etree.iterparse(path, events=("end",), tag="PubmedArticle", huge_tree=True):
        count += 1
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return count


def ours(path: Path) -> int:
    return sum(isinstance(item, AnnotatedDocument) for item in read_documents(path))


def best_of(times: int, call: Callable[[], int]) -> tuple[float, int]:
    seconds, count = [], 0
    for _ in range(times):
        start = time.perf_counter()
        count = call()
        seconds.append(time.perf_counter() - start)
    return min(seconds), count


def speed_table(folder: Path, megabytes: int) -> None:
    path = big_file(folder, megabytes)
    size = path.stat().st_size / 1e6
    packed = path.with_suffix(".xml.gz")
    with gzip.open(packed, "wb", compresslevel=3) as out:
        out.write(path.read_bytes())
    print(f"\nPubMed XML, {size:.0f} MB uncompressed, best of 3")
    rows: Iterable[tuple[str, Callable[[], int]]] = (
        ("lxml.etree.iterparse, cleared", lambda: bare(path)),
        ("kgbuild pubmed-xml", lambda: ours(path)),
        ("kgbuild pubmed-xml, gzip", lambda: ours(packed)),
    )
    for name, call in rows:
        seconds, count = best_of(3, call)
        print(f"{name:32} {size / seconds:7.1f} MB/s {count / seconds:9.0f} articles/s")


def memory_table(folder: Path, megabytes: int) -> None:
    print("\nPeak memory of a process that reads PubMed XML")
    for times in (1, 4, 16):
        path = big_file(folder, megabytes * times)
        command = [sys.executable, __file__, "--peak", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"{path.stat().st_size / 1e6:7.0f} MB  {done.stdout.strip()} MiB")
        path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=60)
    parser.add_argument("--peak", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peak:
        ours(arguments.peak)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    failures = reading_table()
    for failure in failures:
        print(f"  {failure.source.removeprefix(str(SHARED))}, {failure.place}: {failure.reason}")
    with tempfile.TemporaryDirectory() as name:
        speed_table(Path(name), arguments.megabytes)
        memory_table(Path(name), max(1, arguments.megabytes // 6))


if __name__ == "__main__":
    main()
