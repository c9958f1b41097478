"""Every notebook runs from top to bottom in a fresh kernel."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

pytest.importorskip("nbclient", reason="the extra notebook is not installed")


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_without_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys, nbformat; from nbclient import NotebookClient\n"
        "notebook = nbformat.read(sys.argv[1], 4)\n"
        "resources = {'metadata': {'path': sys.argv[2]}}\n"
        "NotebookClient(notebook, timeout=300, resources=resources).execute()\n"
        "kinds = {o.output_type for cell in notebook.cells for o in cell.get('outputs', [])}\n"
        "print(' '.join(sorted(kinds)))"
    )
    # in a process of its own: Jupyter's event loop and its warnings stay out of this one
    import subprocess

    found = subprocess.run(
        [sys.executable, "-c", code, str(path), str(path.parent)],
        capture_output=True, text=True, check=False, env={**os.environ, "MPLBACKEND": ""},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr[-3000:]
    assert "display_data" in found.stdout, "the notebook ends with a picture"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_stored_ran_in_order_and_is_small(path: Path) -> None:
    import nbformat

    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not any(output.output_type == "error" for cell in cells for output in cell.outputs)
    assert path.stat().st_size < 500_000
