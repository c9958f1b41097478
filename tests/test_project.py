"""What must hold of the project itself."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import kgbuild

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("extractors", "loaders", "ontologies")


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_are_links_that_hold(room: str) -> None:
    link = ROOT / "kgbuild" / room
    assert link.is_symlink(), f"kgbuild/{room} must be a symbolic link: the wheel would lack it"
    assert link.resolve() == (ROOT / room).resolve()
    assert import_module(f"kgbuild.{room}").__name__ == f"kgbuild.{room}"


def test_version_is_stated_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == kgbuild.__version__


def test_the_public_surface_is_sorted_and_real() -> None:
    assert kgbuild.__all__ == sorted(kgbuild.__all__, key=lambda n: (n[0].islower(), n))
    for name in kgbuild.__all__:
        assert getattr(kgbuild, name) is not None
    assert set(kgbuild.__all__) <= set(dir(kgbuild))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = kgbuild.no_such_name


HEAVY = {"duckdb", "faiss", "ladybug", "lxml", "numpy", "pandas", "pyarrow", "pydantic", "torch"}


@pytest.mark.parametrize("module", ["kgbuild", "kgbuild.cli", "kgbuild.ontologies.schema"])
def test_importing_brings_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not HEAVY & set(done.stdout.split())


def test_every_module_states_what_it_offers() -> None:
    missing = []
    for path in [p for room in ("kgbuild", *ROOMS) for p in (ROOT / room).rglob("*.py")]:
        text = path.read_text()
        is_bare = path.name in {"__init__.py", "__main__.py"} and "import" not in text.replace(
            "from __future__ import annotations", ""
        )
        if "__all__" not in text and not is_bare and path.name != "__main__.py":
            missing.append(str(path.relative_to(ROOT)))
    assert missing == []
