from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from running import Result, Run


@pytest.fixture
def kgb(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line in this process, as the installed script does."""
    from kgbuild.cli import main

    def run(*arguments: object, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "argv", ["kgbuild", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        assert isinstance(code, int)
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration that loads no encoder."""
    path = tmp_path_factory.mktemp("config") / "fast.yaml"
    path.write_text('grounding:\n  dense: "off"\n')
    return path
