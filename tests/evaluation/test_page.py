from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from gold_corpus import GOLD, configured

from kgbuild.errors import InputError
from kgbuild.evaluation.curve_picture import curve_svg, save_curves
from kgbuild.evaluation.differences import Difference
from kgbuild.evaluation.marked_text import Mark, marked, marks_of
from kgbuild.evaluation.mentions import MentionSpan
from kgbuild.evaluation.page import page
from kgbuild.evaluation.result import Evaluation, Resampling
from kgbuild.evaluation.run import Request, evaluate

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    """The tags, attributes and text of a page, and whether all that opens is closed."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def span(start: int, end: int, category: str = "X") -> MentionSpan:
    return MentionSpan("d", start, end, category)


def test_marks_say_what_is_wrong_on_each_side() -> None:
    gold, found = span(0, 7), span(3, 7)
    errors = [Difference("boundary", gold, found)]
    assert marked("Aspirin helps", marks_of([gold], errors, found=False)) == (
        '<mark class="boundary" title="X: boundary">Aspirin</mark> helps'
    )
    assert marked("Aspirin helps", marks_of([found], errors, found=True)) == (
        'Asp<mark class="boundary" title="X: boundary">irin</mark> helps'
    )
    right = marks_of([span(8, 13)], errors, found=True)
    assert marked("Aspirin helps", right).endswith('<mark class="right" title="X">helps</mark>')
    typed = marks_of([span(0, 7, "Y")], [Difference("type", gold, span(0, 7, "Y"))], found=True)
    assert 'class="type" title="Y: type, X on the other side"' in marked("Aspirin", typed)


def test_nested_and_discontinuous_mentions_are_marked_apart() -> None:
    marks = [Mark(span(0, 13)), Mark(span(0, 4), "missed")]
    shown = marked("lung cancer x", marks)
    assert '<mark class="missed" title="X; X: missed">lung</mark>' in shown
    assert '<mark class="right" title="X"> cancer x</mark>' in shown
    pieces = [Mark(MentionSpan("d", 0, 11, "X", ((0, 4), (9, 11))))]
    assert re.findall(r">([^<]+)</mark>", marked("left and rt", pieces)) == ["left", "rt"]


def test_text_comes_out_whole_and_harmless() -> None:
    text = f"a & b {HOSTILE} é 🙂"
    shown = marked(text, [Mark(span(2, 20, '"><b>'), "missed"), Mark(span(10, 30))])
    assert "<script" not in shown and "<img" not in shown and "<b>" not in shown
    assert Tags(shown).text == text


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = tmp_path_factory.mktemp("page")
    text = GOLD.replace("<b>rarely</b>.", f"rarely. {HOSTILE}")
    (folder / "gold.pubtator").write_text(text, "utf-8")
    return evaluate(
        Request(gold=[folder / "gold.pubtator"], config=configured(folder)), progress=None
    )


def test_the_page_is_one_file_without_scripts(evaluation: Evaluation) -> None:
    text = page(evaluation, Resampling())
    tags = Tags(text)
    assert not tags.open
    assert not {"script", "img", "link", "iframe", "object"} & set(tags.names)
    assert not [a for a in tags.attributes if a[0].startswith("on")]
    links = [v for name, v in tags.attributes if name in {"src", "href", "xlink:href"}]
    assert all(value.startswith("#") for value in links)
    assert "default-src 'none'" in text
    assert HOSTILE in tags.text


def test_the_page_shows_scores_errors_and_both_sides(evaluation: Evaluation) -> None:
    text = page(evaluation, Resampling())
    told = Tags(text).text
    for table in evaluation.tables:
        assert table.title in told
    assert "gold" in told and "predicted" in told
    assert '<mark class="boundary" title="Disease: boundary">lactic acidosis</mark>' in text
    assert '<mark class="boundary" title="Disease: boundary">acidosis</mark>' in text
    assert "lactic acidosis" in told and "best similarity 0.59 is below 0.80" in told
    assert "<svg" in text and "Relations are those of the table “Relations, gold entities”" in told
    assert "PMID:102" in told and "PMID:101" not in told  # which has no error


def test_few_documents_are_shown_where_there_are_many(evaluation: Evaluation) -> None:
    items = [pair for pair in evaluation.items if pair[0].document.id == "PMID:102"]
    many, errors = [], []
    for number in range(7):
        name = f"PMID:{number}"
        document = replace(items[0][0].document, id=name)
        many.append(tuple(replace(item, document=document, mentions=()) for item in items[0]))
        errors.append(Difference("missed", MentionSpan(name, 0, 9, "Disease"), None))
    crowded = Evaluation("gold", "found", 7, items=many, differences=errors)  # type: ignore[arg-type]
    text = page(crowded, Resampling(samples=0), documents=3)
    assert text.count("<section>") == 3 and "the 3 with most errors of 7" in text
    assert "In brackets" not in text


def test_the_curve_is_a_picture(evaluation: Evaluation, tmp_path: Path) -> None:
    svg = ET.fromstring(curve_svg(evaluation.curves))
    told = "".join(svg.itertext())
    assert "recall" in told and "right predicate (average precision 0.389)" in told
    assert curve_svg(evaluation.curves) == curve_svg(evaluation.curves)
    for ending, start in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        path = tmp_path / f"curve.{ending}"
        save_curves(evaluation.curves, path)
        assert path.read_bytes().startswith(start)
    with pytest.raises(InputError, match="no picture format; expected one of"):
        save_curves(evaluation.curves, tmp_path / "curve.exe")
    with pytest.raises(InputError, match="no curve to draw"):
        save_curves([], tmp_path / "curve.png")
