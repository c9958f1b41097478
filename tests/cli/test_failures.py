"""What failed can be listed from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from running import Run


def test_failures_are_named_and_listed(kgb: Run, tmp_path: Path, fast: Path) -> None:
    rows = [{"id": "a", "text": "Aspirin."}, *({"id": "a", "text": f"{n}."} for n in range(12))]
    path, out = tmp_path / "in.jsonl", tmp_path / "out"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    built = kgb("build", path, "-o", out, "-c", fast)
    assert built.code == 1
    assert "kgb.doc:a: " in built.err  # which a terminal's library may take for an emoji
    assert f"… and 2 more: kgbuild failures {out}" in built.err
    listed = kgb("failures", out)
    assert (listed.code, "12 rows" in listed.out) == (0, True)
    found = json.loads(kgb("failures", out, "--format", "json").out)
    assert [row["document"] for row in found] == ["kgb.doc:a"] * 12
    kgb_csv = tmp_path / "failures.csv"
    kgb_csv.write_text(kgb("failures", out, "--format", "csv").out)
    assert pd.read_csv(kgb_csv, keep_default_na=False).to_dict("records") == found
    assert set(found[0]) == {"source", "place", "document", "stage", "reason"}


def test_nothing_failed_and_no_output(kgb: Run, tmp_path: Path, fast: Path) -> None:
    (tmp_path / "a.txt").write_text("Aspirin inhibits PTGS1.")
    assert kgb("build", tmp_path / "a.txt", "-o", tmp_path / "out", "-c", fast).code == 0
    assert kgb("failures", tmp_path / "out").out == "nothing failed\n"
    absent = kgb("failures", tmp_path)
    assert (absent.code, "is no output of a build" in absent.err) == (2, True)
