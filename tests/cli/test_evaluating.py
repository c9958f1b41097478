from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import Run

GOLD = """11|t|Aspirin for asthma.
11|a|Aspirin causes asthma.
11\t0\t7\tAspirin\tChemical\tD001241
11\t12\t18\tasthma\tDisease\tD001249
11\t20\t27\tAspirin\tChemical\tD001241
11\t35\t41\tasthma\tDisease\tD001249
11\tCID\tD001241\tD001249
"""


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    (tmp_path / "gold.pubtator").write_text(GOLD)
    (tmp_path / "names.tsv").write_text(
        "id\tname\tcategory\nMESH:D001241\taspirin\tChemicalEntity\nMESH:D001249\tasthma\tDisease\n"
    )
    (tmp_path / "tool.pubtator").write_text(GOLD.replace("11\t0\t7", "11\t2\t7", 1))
    return tmp_path / "gold.pubtator"


def test_tables_json_page_and_curve(kgb: Run, gold: Path, tmp_path: Path) -> None:
    done = kgb(
        "evaluate", gold, "--vocab", tmp_path / "names.tsv", "--samples", 20,
        "--json", tmp_path / "s.json", "--html", tmp_path / "s.html", "--curve", tmp_path / "s.svg",
        "--reliability", tmp_path / "r.svg",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "Mentions, strict (the same place and category)" in done.out
    line = next(line for line in done.out.splitlines() if line.startswith("micro"))
    assert line.split()[:7] == ["micro", "4", "4", "4", "100.0", "100.0", "100.0"]
    assert "chemical-induced disease" in done.out and "95 % intervals" in done.out
    numbers = json.loads((tmp_path / "s.json").read_text("utf-8"))
    assert numbers["tables"]["grounding.accuracy"]["rows"]["micro"]["@1"]["accuracy"] == 1.0
    assert (tmp_path / "s.html").read_text("utf-8").startswith("<!doctype html>")
    assert "<svg" in (tmp_path / "s.svg").read_text("utf-8")
    assert "<svg" in (tmp_path / "r.svg").read_text("utf-8")
    bins = numbers["reliability"]["equal names"]["bins"]
    assert [(one["mentions"], one["right"]) for one in bins] == [(4, 4)]
    assert done.err.count("wrote ") == 4


def test_another_tool_and_mentions_alone(kgb: Run, gold: Path, tmp_path: Path) -> None:
    path = tmp_path / "tool.pubtator"
    path.write_text(GOLD.replace("11\t12\t18\tasthma\tDisease\tD001249\n", ""))
    done = kgb("evaluate", gold, "-p", path, "--task", "mentions", "--samples", 0)
    assert done.code == 0, done.err
    assert "errors: boundary 0, type 0, boundary and type 0, spurious 0, missed 1" in done.out
    assert "Relations" not in done.out and "intervals" not in done.out


@pytest.mark.parametrize(
    "arguments",
    [["--curve", "c.svg"], ["--reliability", "c.svg"], ["--train", "gold.pubtator"],
     ["--recognizer", "dictionary"], ["--vocab", "names.tsv"]],
)  # fmt: skip
def test_what_another_tools_files_can_not_have_is_refused_before_the_work(
    kgb: Run, gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = kgb("evaluate", gold, "-p", "tool.pubtator", "--json", "s.json", *arguments)
    assert done.code == 2 and not done.out and not (tmp_path / "s.json").exists()
    told = " ".join(done.err.split())
    assert f"{arguments[0]} " in told and "leave out one of the two options" in told
    assert "--predictions" in told


def test_a_build_has_a_curve_and_no_reliability(
    kgb: Run, gold: Path, fast: Path, tmp_path: Path
) -> None:
    out, curve = tmp_path / "graph", tmp_path / "c.svg"
    vocab = ("--config", fast, "--vocab", tmp_path / "names.tsv")
    built = kgb("build", gold, "--out", out, *vocab)
    assert built.code == 0, built.err
    done = kgb("evaluate", gold, "-p", out, "--samples", 0, "--curve", curve)
    assert done.code == 0 and "<svg" in curve.read_text("utf-8"), done.err
    refused = kgb("evaluate", gold, "-p", out, "--reliability", tmp_path / "r.svg")
    assert refused.code == 2 and "--reliability needs a configuration" in refused.err


def test_what_can_be_written_is_written_where_a_picture_has_nothing_to_show(
    kgb: Run, gold: Path, tmp_path: Path
) -> None:
    gold.write_text(GOLD.replace("11\tCID\tD001241\tD001249\n", ""))
    names = [tmp_path / name for name in ("s.json", "s.html", "c.svg", "r.svg")]
    done = kgb(
        "evaluate", gold, "--vocab", tmp_path / "names.tsv", "--samples", 0,
        "--json", names[0], "--html", names[1], "--curve", names[2], "--reliability", names[3],
    )  # fmt: skip
    assert done.code == 2
    assert [name.exists() for name in names] == [True, True, False, True]
    lines = done.err.splitlines()
    wrote = [line for line in lines if line.startswith("wrote ")]
    assert wrote == [f"wrote {names[i]}" for i in (0, 1, 3)]
    assert lines[-1].startswith(f"error: {names[2]} is not written: no curve to draw")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--map", "Chemical"], "expected LABEL=CATEGORY"),
        (["--map", "Chemical=Chemie"], "can't mean the category 'Chemie'"),
        (["--task", "all"], "no task 'all'; tasks: mentions, grounding, relations, statements"),
        (["--category", "Gene"], "annotates no Gene"),
        (["--json", "absent/s.json"], "there is no folder absent"),
        (["--predictions", "absent.xml"], "no such file or folder: absent.xml"),
        (["--curve", "c.exe"], "c.exe: no picture format; expected one of"),
        (["--task", "mentions", "--curve", "c.png"], "add --task statements"),
        (["--task", "mentions", "--reliability", "c.png"], "add --task grounding"),
        (["--task", "mentions", "--train", "gold.pubtator"], "add --task grounding"),
        (["--format", "pubtater"], "did you mean 'pubtator'"),
    ],
)
def test_wrong_use_is_told_at_once(
    kgb: Run, gold: Path, arguments: list[str], message: str
) -> None:
    done = kgb("evaluate", gold, *arguments)
    assert done.code == 2
    assert message in " ".join(done.err.split()) and "Traceback" not in done.err
