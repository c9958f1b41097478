"""Writing a vocabulary file and reading it back."""

from __future__ import annotations

from pathlib import Path

from kgbuild.ontologies import open_vocabulary
from kgbuild.ontologies.parsers.options import ParseOptions
from kgbuild.ontologies.vocabulary import Vocabulary
from kgbuild.records import Failure, Term


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def parse(path: Path, **options: object) -> list[Term | Failure]:
    opened = open_vocabulary(path)
    made = Vocabulary("v", "", (path,), opened.format, ParseOptions(**options))  # type: ignore[arg-type]
    return list(made.terms())


def split(items: list[Term | Failure]) -> tuple[list[Term], list[Failure]]:
    terms = [item for item in items if isinstance(item, Term)]
    return terms, [item for item in items if isinstance(item, Failure)]
