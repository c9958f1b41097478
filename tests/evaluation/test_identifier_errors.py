from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gold_corpus import configured

from kgbuild.api import build_into
from kgbuild.config import Config
from kgbuild.evaluation.identifier_errors import IdentifierError
from kgbuild.evaluation.page import page
from kgbuild.evaluation.result import Evaluation, Resampling
from kgbuild.evaluation.run import Request, evaluate
from kgbuild.readers import read_documents
from kgbuild.records import AnnotatedDocument

TEXT = "7|t|Pancreatitis, breast and ovarian cancer.\n7|a|Aspirin for <i>gout</i>, rash, fever.\n"
GOLD = (
    TEXT
    + """7\t0\t12\tPancreatitis\tDisease\tD009855
7\t14\t39\tbreast and ovarian cancer\tDisease\tD001943|D010051
7\t41\t48\tAspirin\tChemical\tD001241
7\t56\t60\tgout\tDisease\tD006073
7\t66\t70\trash\tDisease\tD005076
7\t72\t77\tfever\tDisease\t-1
"""
)
PREDICTED = (
    TEXT
    + """7\t0\t12\tPancreatitis\tDisease\tD999999
7\t14\t39\tbreast and ovarian cancer\tDisease\tD001943
7\t41\t48\tAspirin\tDrug\tD001241
7\t57\t60\tout\tDisease\tD000001
7\t66\t70\trash\tDisease\t-1
7\t72\t77\tfever\tDisease\tD005334
"""
)


def measured(folder: Path, predicted: str, gold: str = GOLD, **options: object) -> Evaluation:
    (folder / "gold.pubtator").write_text(gold, "utf-8")
    (folder / "tool.pubtator").write_text(predicted, "utf-8")
    return evaluate(
        Request(
            gold=[folder / "gold.pubtator"], predictions=[folder / "tool.pubtator"],
            config=Config(), resampling=Resampling(samples=0), **options,  # type: ignore[arg-type]
        )
    )  # fmt: skip


def told(errors: list[IdentifierError]) -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    return [(error.place.start, error.gold, error.found) for error in errors]


def test_wrong_lacking_and_superfluous_identifiers_at_a_right_place(tmp_path: Path) -> None:
    found = measured(tmp_path, PREDICTED)
    assert told(found.identifiers) == [
        (0, ("MESH:D009855",), ("MESH:D999999",)),
        (14, ("MESH:D001943", "MESH:D010051"), ("MESH:D001943",)),
        (66, ("MESH:D005076",), ()),
        (72, (), ("MESH:D005334",)),
    ]  # what is at another place is an error of the boundary
    assert found.kinds["boundary"] == 1
    only = measured(tmp_path, PREDICTED, categories=["Chemical"])
    assert not only.identifiers


def test_they_are_what_the_strict_scores_count_at_right_places(tmp_path: Path) -> None:
    placed = PREDICTED.replace("57\t60\tout", "56\t60\tgout")
    found = measured(tmp_path, placed)
    score = found.score("identified.strict", "micro")
    lacking = [set(error.gold) - set(error.found) for error in found.identifiers]
    beyond = [set(error.found) - set(error.gold) for error in found.identifiers]
    assert score.gold - score.right == sum(map(len, lacking)) == 4
    assert score.found - score.right == sum(map(len, beyond)) == 3
    assert not measured(tmp_path, GOLD).identifiers


def test_an_identifier_listed_under_another_mention_of_the_place_counts(tmp_path: Path) -> None:
    twice = GOLD.replace("D001943|D010051", "D001943") + (
        "7\t14\t39\tbreast and ovarian cancer\tDisease\tD010051\n"
    )
    assert not measured(tmp_path, twice).identifiers


@pytest.mark.parametrize(("xrefs", "wrong"), [(True, []), (False, ["MONDO:0005068"])])
def test_what_a_build_found_goes_by_its_cross_references(
    tmp_path: Path, gold: Path, xrefs: bool, wrong: list[str]
) -> None:
    config = configured(tmp_path)
    bare = [i.document for i in read_documents(gold) if isinstance(i, AnnotatedDocument)]
    build_into(tmp_path / "graph", memory=bare, config=config)
    for predictions in ([tmp_path / "graph"], []):
        found = evaluate(Request(gold=[gold], predictions=predictions, config=config, xrefs=xrefs,
                                 resampling=Resampling(samples=0)))  # fmt: skip
        assert [curie for error in found.identifiers for curie in error.found] == wrong * 2


def test_the_page_shows_them_in_a_table_and_in_the_text(tmp_path: Path) -> None:
    text = page(measured(tmp_path, PREDICTED), Resampling(samples=0))
    table = text.partition("Mentions found that have wrong identifiers")[2].partition("</table>")[0]
    rows = table.partition("<tbody>")[2].split("<tr>")[1:]
    assert len(rows) == 4 and all("PMID:7" in row for row in rows)
    wrong = "<mark class={}><span class=id>MESH:{}</span></mark>"
    assert wrong.format("missed", "D009855") in rows[0]
    assert wrong.format("spurious", "D999999") in rows[0]
    assert "<td><span class=id>MESH:D001943</span></td>" in rows[1]  # it is right, the other lacks
    assert wrong.format("missed", "D010051") in rows[1]
    assert "<td>NIL</td>" in rows[2] and "<td>NIL</td>" in rows[3]
    mark = '<mark class="identifier" title="Disease: wrong identifier, gold {}, predicted {}">{}<'
    for shown in (
        mark.format("MESH:D009855", "MESH:D999999", "Pancreatitis"),
        mark.format("MESH:D001943|MESH:D010051", "MESH:D001943", "breast and ovarian cancer"),
        mark.format("MESH:D005076", "NIL", "rash"),
    ):
        assert text.count(shown) == 2, shown  # on both sides
    assert "5 errors" in text and "linked wrongly" not in text
    assert '<mark class="right" title="ChemicalEntity">Aspirin</mark>' in text


def test_names_that_are_known_stand_beside_identifiers(tmp_path: Path, gold: Path) -> None:
    gold.write_text(gold.read_text("utf-8").replace("D001249", "D000138"), "utf-8")
    config = configured(tmp_path)
    found = evaluate(Request(gold=[gold], config=config, resampling=Resampling(samples=0)))
    text = page(found, Resampling(samples=0))
    assert "<span class=id>MESH:D000138</span></mark> acidosis</td>" in text
    assert "<span class=id>MESH:D001249</span></mark> asthma</td>" in text
    assert text.index("Mentions found that have wrong") < text.index(
        "Gold mentions that were linked"
    )


def test_identifiers_and_names_of_the_input_are_escaped(tmp_path: Path) -> None:
    hostile = '"><img src=x>'
    found = measured(tmp_path, PREDICTED)
    gold, predicted = found.items[0]
    [first, *others] = predicted.groundings
    named = replace(first, curie=hostile, name=hostile)
    found.items = [(gold, replace(predicted, groundings=(named, *others)))]
    found.identifiers = [replace(found.identifiers[0], gold=(hostile,), found=(hostile * 2,))]
    text = page(found, Resampling(samples=0))
    assert "<img" not in text and text.count("&lt;img") == 4 + 2 * 3


def test_many_documents_of_one_error_are_counted(tmp_path: Path) -> None:
    def copies(text: str) -> str:
        return "\n".join(text.replace("7|", f"{n}|").replace("7\t", f"{n}\t") for n in range(1, 6))

    one = "7|t|Gout.\n7|a|\n7\t0\t4\tGout\tDisease\tD006073\n"
    found = measured(tmp_path, copies(one.replace("D006073", "D000001")), copies(one))
    text = page(found, Resampling(samples=0))
    assert "PMID:3</span> and 2 more</td><td class=n>5</td>" in text


def test_mentions_that_were_not_measured_are_not_marked_right(tmp_path: Path) -> None:
    found = measured(tmp_path, PREDICTED, tasks=["grounding"])
    text = page(found, Resampling(samples=0))
    assert 'class="identifier"' in text and "4 errors" in text
    assert "&lt;i&gt;gout&lt;/i&gt;" in text  # found at another place


def test_whole_spans_are_marked_too(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("Left and right heart failure.")
    (tmp_path / "1.ann").write_text(
        "T1\tDisease 0 4;15 28\tLeft heart failure\nN1\tReference T1 MESH:D018487\tfailure\n"
    )
    tool = "1|t|Left and right heart failure.\n1|a|\n1\t0\t28\tLeft and right heart failure\t"
    (tmp_path / "tool.pubtator").write_text(tool + "Disease\tD006333\n")
    found = evaluate(
        Request(gold=[tmp_path / "1.ann"], predictions=[tmp_path / "tool.pubtator"], whole=True,
                config=Config(), options={"id_prefix": "PMID"}, resampling=Resampling(samples=0))
    )  # fmt: skip
    assert [(e.gold, e.found) for e in found.identifiers] == [
        (("MESH:D018487",), ("MESH:D006333",))
    ]
    shown = page(found, Resampling(samples=0))
    assert shown.count('class="identifier" title=') == 2 and 'class="right"' not in shown
