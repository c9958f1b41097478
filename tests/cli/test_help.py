"""Every command and option is documented, and asking for help is quick."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer
from running import Run

import kgbuild
from kgbuild.cli import app

HEAVY = (
    "pandas", "pyarrow", "torch", "duckdb", "ladybug", "lxml", "numpy", "pydantic", "pyoxigraph",
    "networkx", "faiss", "sentence_transformers", "transformers", "yaml", "rapidfuzz",
)  # fmt: skip


def commands() -> dict[str, object]:
    """Return every command of the application by how it is called."""
    found: dict[str, object] = {}

    def walk(command: object, path: tuple[str, ...]) -> None:
        subcommands = getattr(command, "commands", None)
        if subcommands is None:
            found[" ".join(path)] = command
        else:
            for name, sub in subcommands.items():
                walk(sub, (*path, name))

    walk(typer.main.get_command(app), ())
    return found


COMMANDS = commands()


def test_the_names_that_stand_exist() -> None:
    assert set(COMMANDS) == {
        "build", "query", "show", "ground", "export", "import", "load", "neo4j", "failures",
        "validate", "evaluate", "vocab list", "vocab get", "vocab add", "vocab info", "config init",
        "train base", "train pretrain", "train ner", "train relations", "train encoder",
        "train ranking",
        "config check", "config show",
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_says_what_everything_is_and_gives_examples(kgb: Run, name: str) -> None:
    command = COMMANDS[name]
    shown = kgb(*name.split(), "--help")
    assert shown.code == 0
    assert f"kgbuild {name} " in " ".join(shown.out.split("Example", 1)[1].split()) + " "
    assert len(command.help) > 20  # type: ignore[attr-defined]
    for parameter in command.params:  # type: ignore[attr-defined]
        if parameter.name != "help":
            assert parameter.help, f"{name} {parameter.name} is not documented"


@pytest.mark.parametrize("arguments", [[], ["vocab"], ["config"]])
def test_no_command_shows_the_help(kgb: Run, arguments: list[str]) -> None:
    shown = kgb(*arguments)
    assert "Commands" in shown.out + shown.err


@pytest.mark.parametrize(
    "arguments", [["biuld"], ["build", "--fast"], ["show"], ["vocab", "got"], ["config", "check"]]
)
def test_wrong_use_is_two(kgb: Run, arguments: list[str]) -> None:
    used = kgb(*arguments)
    assert (used.code, used.out) == (2, "")
    assert "Usage" in used.err


def test_the_version(kgb: Run) -> None:
    assert kgb("--version").out == f"kgbuild {kgbuild.__version__}\n"


@pytest.mark.parametrize("module", ["kgbuild", "kgbuild.cli"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import {module}, sys; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_public_names_exist_and_are_sorted() -> None:
    assert sorted(kgbuild.__all__) == kgbuild.__all__
    for name in kgbuild.__all__:
        assert getattr(kgbuild, name) is not None
        assert name in dir(kgbuild)
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = kgbuild.nothing_such
