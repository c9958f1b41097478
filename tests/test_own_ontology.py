"""docs/own_ontology.md, followed to the letter as a new user would."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs/own_ontology.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w./]+\.(?:obo|tsv|txt|yaml))`")
RUN = [sys.executable, "-c", "from kgbuild.cli import main; main()"]


def run(words: list[str], folder: Path, cache: Path) -> str:
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"KGBUILD_CACHE": str(cache), "COLUMNS": "200"},
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"{words}: {said}"
    return said


def follow(text: str, folder: Path, cache: Path) -> int:
    """Write each file, run each command, look for each line that the page shows; count commands."""
    ran, last = 0, 0
    for block in BLOCK.finditer(text):
        language, content = block.groups()
        before, last = text[last : block.start()], block.end()
        if language in {"text", "yaml"}:
            file = folder / FILE.findall(before)[-1]  # the last file named before
            file.parent.mkdir(exist_ok=True)
            file.write_text(content, encoding="utf-8")
        elif language == "python":
            run([sys.executable, "-W", "error", "-c", content], folder, cache)
        else:
            for step in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
                command, *lines = step.rstrip().split("\n")
                program, *words = shlex.split(command)
                assert program == "kgbuild"
                said = run([*RUN, *words], folder, cache)
                for line in lines:
                    assert line in said, f"{command}: {line!r} is not in\n{said}"
                ran += 1
    return ran


@pytest.mark.timeout(600)
def test_the_page_can_be_followed(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    text = PAGE.read_text("utf-8")
    assert follow(text, folder, tmp_path / "cache") == text.count("\n$ kgbuild ") > 15
