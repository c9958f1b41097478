"""The documents say what is true: code runs, commands exist, links lead somewhere, all is told."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from rounded import numbers_apart

from kgbuild import config as configuration
from kgbuild import config_relations
from kgbuild.cli import app

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").rglob("README.md")),
]
FOLLOWED = "docs/own_ontology.md"  # from top to bottom, by tests/test_own_ontology.py
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
RUN_CLI = "from kgbuild.cli import main; main()"
RUN = "import sys; exec(compile(open(sys.argv[1]).read(), sys.argv[1], 'exec'))"


def blocks(page: Path, *languages: str) -> list[str]:
    return [code for name, code in BLOCK.findall(page.read_text("utf-8")) if name in languages]


def anchors(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the documents see it: the examples there, and a graph of them in ``out``."""
    from kgbuild.api import build_into
    from kgbuild.config import Config

    folder = tmp_path_factory.mktemp("docs")
    (folder / "examples").symlink_to(ROOT / "examples")
    (folder / "ontologies").symlink_to(ROOT / "ontologies")
    build_into(folder / "out", [folder / "examples" / "pubmed"],
               config=Config.model_validate({"grounding": {"dense": "off"}}))  # fmt: skip
    return folder


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_python_code_runs(page: Path, place: Path, tmp_path: Path) -> None:
    code = blocks(page, "python")
    if not code or page == ROOT / FOLLOWED:
        return
    for name in ("examples", "ontologies", "out"):
        (tmp_path / name).symlink_to(place / name)
    script = tmp_path / f"{page.stem}.py"
    script.write_text("import matplotlib\nmatplotlib.use('Agg')\n" + "\n".join(code), "utf-8")
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN, str(script)],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert found.returncode == 0, f"{page.name}: {found.stderr[-2000:]}"


def commands(page: Path) -> Iterator[list[str]]:
    """The words of each ``kgbuild`` command in shell blocks and in code within a line."""
    text = page.read_text("utf-8")
    for block in blocks(page, "console", "sh", "bash"):
        for line in block.replace("\\\n", " ").splitlines():
            yield from _command(line.removeprefix("$ "))
    outside = BLOCK.sub("", text)
    for code in re.findall(r"`(kgbuild [^`]+)`", outside):
        yield from _command(re.sub(r"\s+", " ", code))


def _command(line: str) -> Iterator[list[str]]:
    for part in re.split(r" \| |&&", line):
        found = re.match(r"\s*(?:\S*/)?kgbuild (.*)", part)
        if found:
            words = shlex.split(found[1].replace("...", ""), comments=True)
            yield words[: words.index(">")] if ">" in words else words


ALL_COMMANDS = [(name, words) for page, name in zip(PAGES, NAMES, strict=True)
                for words in commands(page)]  # fmt: skip


@pytest.mark.parametrize(
    ("page", "words"), ALL_COMMANDS, ids=[f"{n}: {' '.join(w)[:60]}" for n, w in ALL_COMMANDS]
)
def test_commands_exist_with_their_options(page: str, words: list[str]) -> None:
    command: Any = typer.main.get_command(app)  # typer brings a click of its own
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        if words[0] == "COMMAND":
            return
        assert words[0] in command.commands, f"{page}: no command {words[0]!r}"
        command, words = command.commands[words[0]], words[1:]
    options = {name: p for p in command.params for name in p.opts if name.startswith("-")}
    positional, rest = 0, iter(words)
    for word in rest:
        if word in {"--help", "-h"}:
            continue
        if word.startswith("-") and word != "-":
            assert word in options, f"{page}: {command.name} has no {word}"
            if not options[word].is_flag:
                assert next(rest, None), f"{page}: {word} needs a value"
        else:
            positional += 1
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    if all(p.nargs == 1 for p in arguments):
        assert positional <= len(arguments), f"{page}: too many arguments in {words}"


def test_questions_to_the_example_graph_are_answered(place: Path, tmp_path: Path) -> None:
    """Commands that only read a graph of the examples, given as they stand but for its folder."""
    ran = 0
    for page, words in ALL_COMMANDS:
        named = {"DIR", "QUERY", "ENTITY", "TEXT", "NAME", "PATH", "cs"} & set(words)
        if words[0] not in {"query", "show", "export"} or len(words) < 3 or named:
            continue
        if "computer_science" in page or page == FOLLOWED:
            continue
        found = subprocess.run(
            [sys.executable, "-c", RUN_CLI, words[0], str(place / "out"), *words[2:]],
            capture_output=True, text=True, cwd=tmp_path, check=False,
        )  # fmt: skip
        assert found.returncode == 0, f"{page} {words}: {found.stderr}"
        ran += 1
    assert ran >= 2


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    text = BLOCK.sub("", page.read_text("utf-8"))
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link} leads nowhere"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_yaml_blocks_are_yaml(page: Path) -> None:
    for block in blocks(page, "yaml"):
        assert yaml.safe_load(block) is not None


def test_configurations_in_the_documents_are_right() -> None:
    for name in ("configuration.md", "formats.md"):
        for block in blocks(ROOT / "docs" / name, "yaml"):
            configuration.parse_config(block, name=name)


def test_every_command_is_in_the_index() -> None:
    text = (ROOT / "docs" / "index.md").read_text("utf-8")
    root: Any = typer.main.get_command(app)
    for name, command in root.commands.items():
        below = getattr(command, "commands", {})
        for words in [f"{name} {sub}" for sub in below] or [name]:
            assert f"`kgbuild {words}" in text, f"docs/index.md lacks `kgbuild {words}`"


SECTIONS = {
    "Top level": [configuration.Config],
    "vocabularies": [configuration.VocabularyConfig],
    "reading": [configuration.ReadingConfig],
    "recognizers": [
        configuration.DictionaryConfig,
        configuration.TaggerConfig,
        configuration.TransformerConfig,
    ],
    "grounding": [configuration.GroundingConfig],
    "relations": [
        config_relations.PatternsConfig,
        config_relations.ModelRelationsConfig,
        config_relations.CooccurrenceConfig,
    ],
    "assembly": [configuration.AssemblyConfig, configuration.ErrorRates],
    "run": [configuration.RunConfig],
}


def test_every_option_is_documented_with_its_default() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    parts = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(parts) == set(SECTIONS)
    for title, models in SECTIONS.items():
        rows = re.findall(r"^\| `(\w+)` \|(.*?)\|", parts[title], re.MULTILINE)
        fields = [
            (field.alias or name, field) for m in models for name, field in m.model_fields.items()
        ]
        assert [row[0] for row in rows] == [name for name, _ in fields]
        for (name, cell), (_, field) in zip(rows, fields, strict=True):
            default = cell.strip()
            if default == "required":
                assert field.is_required(), name
            elif default.startswith("`"):
                assert yaml.safe_load(default.strip("`")) == field.get_default(
                    call_default_factory=True
                ), name


def test_every_component_type_is_documented() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    named = {**vars(configuration), **vars(config_relations)}.values()
    models = [m for m in named if isinstance(m, type)
              and issubclass(m, config_relations.Section) and "type" in m.model_fields]  # fmt: skip
    assert len(models) >= 7
    for model in models:
        assert f"`type: {model.model_fields['type'].default}`" in text
    tables = {m for section in SECTIONS.values() for m in section}
    assert all(set(m.model_fields) == {"type"} for m in set(models) - tables)


def test_every_format_and_option_of_a_reader_is_documented() -> None:
    from kgbuild.loaders.exporters import EXPORTERS
    from kgbuild.readers import READERS
    from kgbuild.readers.reading import _options_of
    from kgbuild.writers import WRITERS

    text = (ROOT / "docs" / "formats.md").read_text("utf-8")
    for name in (*READERS, *WRITERS, *EXPORTERS):
        assert f"`{name}`" in text, name
    for reader in READERS:
        for option in _options_of(reader):
            assert f"`{option}`" in text, (reader, option)


def test_every_column_of_a_vocabulary_table_is_documented() -> None:
    from kgbuild.ontologies.parsers.table import COLUMNS

    text = (ROOT / "docs" / "vocabularies.md").read_text("utf-8")
    assert all(f"`{column}`" in text for column in COLUMNS)


def test_the_walkthrough_is_what_the_code_gives(tmp_path: Path) -> None:
    script = ROOT / "docs" / "make_walkthrough.py"
    found = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "page.md")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr[-2000:]

    def read(path: Path) -> tuple[list[str], list[float]]:
        text = path.read_text("utf-8")  # the tagger is here just less sure than the dictionary
        return numbers_apart(text.replace("| tagger |", "| dictionary |"))

    page, numbers = read(tmp_path / "page.md")
    kept, expected = read(ROOT / "docs" / "walkthrough.md")
    advice = "the page is out of date: run python docs/make_walkthrough.py and read it"
    assert page == kept, advice
    assert numbers == pytest.approx(expected, abs=0.02), advice


def test_the_tables_of_computer_science_are_what_the_code_gives(tmp_path: Path) -> None:
    from kgbuild.api import build

    folder = ROOT / "examples" / "computer_science"
    graph = build(folder / "papers.jsonl", out=tmp_path / "cs", config=folder / "config.yaml")
    text = (ROOT / "docs" / "another_field.md").read_text("utf-8")
    tables = re.findall(r"^\| (?:method|subject) \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    evaluated, outperforms = (
        [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]
        for table in tables
    )
    rows = graph.cypher(
        "MATCH (m:Method)-[r:evaluated_on]->(d:Dataset) RETURN m.name AS method, d.name AS dataset"
        " ORDER BY method, dataset"
    )
    assert rows.values.tolist() == evaluated
    rows = graph.cypher(
        "MATCH (a)-[r:outperforms]->(b) RETURN a.name AS subject, b.name AS object,"
        " r.sentences AS affirmed, r.negated AS denied ORDER BY affirmed DESC, subject"
    )
    assert [[str(cell) for cell in row] for row in rows.values.tolist()] == outperforms
