"""The command line in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Run = Callable[..., "Result"]
ANSI = re.compile(r"\x1b[\[\]()][0-9;?]*[A-Za-z]?")


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str


def command(*arguments: object) -> list[str]:
    """Return the command line that runs ``kgbuild`` with ``arguments``."""
    return [sys.executable, "-m", "kgbuild", *map(str, arguments)]


def in_process(
    *arguments: object, stdin: bytes = b"", cwd: Path | None = None, **environment: str
) -> Result:
    """Run ``kgbuild`` in a process of its own, with its output piped."""
    done = subprocess.run(
        command(*arguments),
        input=stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        env={**os.environ, **environment},
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())
