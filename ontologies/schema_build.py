"""Build a schema from its file: defaults filled in, names checked, inverses linked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from kgbuild.errors import ConfigError
from kgbuild.ontologies.naming import nearest
from kgbuild.ontologies.schema import Category, Predicate, Prefix, Schema
from kgbuild.ontologies.schema_file import SchemaFile, read_schema_file
from kgbuild.records import content_hash

__all__ = ["copy_schema", "load_schema", "override_aliases"]

_FOLDER = Path(__file__).parent
_SHIPPED = {"biomedical": "schema.yaml", "computer-science": "computer_science.yaml"}
_MAX_BASES = 8


def load_schema(name_or_path: str | Path) -> Schema:
    """Return a schema by name or path; see ``Schema.load``."""
    path = _locate(name_or_path, relative_to=None)
    try:
        status = path.stat()
    except OSError as error:
        raise ConfigError(f"{path}: the schema can't be read: {error.strerror}") from error
    return _load_cached(path, status.st_mtime_ns, status.st_size)


def copy_schema(name_or_path: str | Path, target: Path) -> None:
    """Make ``target`` a schema file that stands for another wherever it lies.

    A shipped schema is referred to by name; a file's own base by its absolute path.

    Raises:
        ConfigError: there is no such schema.
    """
    path = _locate(name_or_path, relative_to=None)
    text = path.read_text("utf-8")
    if path.parent == _FOLDER:
        name = next(name for name, file in _SHIPPED.items() if file == path.name)
        text = f"name: {name}\nextends: {name}\n"
    elif base := read_schema_file(path, text.encode()).extends:
        place = base if base in _SHIPPED else str(_locate(base, relative_to=path.parent).resolve())
        text = re.sub(r"(?m)^extends:.*$", lambda _: f"extends: {place}", text, count=1)
    if not target.is_file() or target.read_text("utf-8") != text:
        target.write_text(text, encoding="utf-8")


def _locate(name_or_path: str | Path, *, relative_to: Path | None) -> Path:
    shipped = _SHIPPED.get(str(name_or_path).replace("_", "-"))
    if shipped:
        return _FOLDER / shipped
    path = Path(name_or_path).expanduser()
    if relative_to and not path.is_absolute():
        path = relative_to / path
    if path.is_file():
        return path
    if path.suffix in {".yaml", ".yml"} or path.parent != Path():
        raise ConfigError(f"{path}: no such schema file")
    raise ConfigError(f"no schema '{name_or_path}': {nearest(str(name_or_path), _SHIPPED)}")


@lru_cache(maxsize=16)
def _load_cached(path: Path, mtime: int, size: int) -> Schema:
    files, contents = _read_with_bases(path)
    top = files[-1]
    categories: dict[str, Category] = {}
    predicates: dict[str, Predicate] = {}
    prefixes: dict[str, Prefix] = {}
    for file in files:
        categories |= _categories(file)
        predicates |= _predicates(file)
        prefixes |= {
            name: Prefix(name, p.iri, p.also, p.synonyms) for name, p in file.prefixes.items()
        }
    _check_categories(path, categories, prefixes)
    predicates = _link(path, predicates)
    _check_predicates(path, categories, predicates)
    return Schema(
        top.name,
        title=top.title,
        model=top.model,
        model_version=top.model_version,
        categories=categories,
        predicates=predicates,
        prefixes=prefixes,
        fingerprint=content_hash(*contents),
    )


def _read_with_bases(path: Path) -> tuple[list[SchemaFile], list[str]]:
    """Return the file and those it extends, base first, with their texts."""
    files: list[SchemaFile] = []
    contents: list[str] = []
    while True:
        data = path.read_bytes()
        file = read_schema_file(path, data)
        files.insert(0, file)
        contents.insert(0, data.decode("utf-8"))
        if not file.extends:
            return files, contents
        if len(files) >= _MAX_BASES:
            raise ConfigError(f"{path}: 'extends' goes round in a circle or deeper than 8 files")
        path = _locate(file.extends, relative_to=path.parent)


def _own_curie(file: SchemaFile, name: str, given: str) -> str:
    return given or f"{file.namespace}:{name}"


def _categories(file: SchemaFile) -> dict[str, Category]:
    return {
        name: Category(
            name,
            curie=_own_curie(file, name, c.curie),
            parents=c.parents,
            aliases=c.aliases,
            prefixes=c.prefixes,
            equivalent=c.equivalent,
            abstract=c.abstract,
        )
        for name, c in file.categories.items()
    }


def _predicates(file: SchemaFile) -> dict[str, Predicate]:
    return {
        name: Predicate(
            name,
            curie=_own_curie(file, name, p.curie),
            parents=p.parents,
            aliases=p.aliases,
            domain=p.domain,
            range=p.range,
            inverse=p.inverse_of,
            symmetric=p.symmetric,
            canonical=not p.inverse_of,
            qualifiers=dict(p.qualifiers),
            exact=not p.qualifiers if p.exact is None else p.exact,
            equivalent=p.equivalent,
        )
        for name, p in file.predicates.items()
    }


def _link(path: Path, predicates: dict[str, Predicate]) -> dict[str, Predicate]:
    """Give the active of two inverses its ``inverse``, and the passive its domain and range."""
    linked = dict(predicates)
    for name, passive in predicates.items():
        if passive.canonical:
            continue
        active = predicates.get(passive.inverse)
        if active is None or not active.canonical or active.symmetric or passive.symmetric:
            raise ConfigError(
                f"{path}: predicates.{name}.inverse_of: expected the name of another predicate"
                f" that is neither symmetric nor an inverse itself, got '{passive.inverse}'"
            )
        linked[active.name] = replace(linked[active.name], inverse=name)
        linked[name] = replace(passive, domain=active.range, range=active.domain)
    return linked


def _check_categories(
    path: Path, categories: Mapping[str, Category], prefixes: Mapping[str, Prefix]
) -> None:
    for name, category in categories.items():
        _check_names(path, f"categories.{name}.parents", category.parents, categories)
        _check_names(path, f"categories.{name}.prefixes", category.prefixes, prefixes)
        prefix = category.curie.partition(":")[0]
        _check_names(path, f"categories.{name}.curie", (prefix,), prefixes)
    _check_acyclic(path, "categories", categories)


def _check_predicates(
    path: Path, categories: Mapping[str, Category], predicates: Mapping[str, Predicate]
) -> None:
    for name, predicate in predicates.items():
        _check_names(path, f"predicates.{name}.parents", predicate.parents, predicates)
        _check_names(path, f"predicates.{name}.domain", predicate.domain, categories)
        _check_names(path, f"predicates.{name}.range", predicate.range, categories)
    _check_acyclic(path, "predicates", predicates)


def _check_names(
    path: Path, place: str, names: tuple[str, ...], known: Mapping[str, object]
) -> None:
    for name in names:
        if name not in known:
            raise ConfigError(f"{path}: {place}: '{name}' is not defined: {nearest(name, known)}")


def _check_acyclic(
    path: Path, section: str, entries: Mapping[str, Category] | Mapping[str, Predicate]
) -> None:
    done: set[str] = set()

    def climb(name: str, below: tuple[str, ...]) -> None:
        if name in below:
            circle = " > ".join((*below[below.index(name) :], name))
            raise ConfigError(f"{path}: {section}: parents go round in a circle: {circle}")
        if name not in done:
            for parent in entries[name].parents:
                climb(parent, (*below, name))
            done.add(name)

    for name in entries:
        climb(name, ())


def override_aliases(
    schema: Schema, *, categories: Mapping[str, str], predicates: Mapping[str, str]
) -> Schema:
    """Return ``schema`` with labels remapped; see ``Schema.with_aliases``."""
    for kind, wanted, known in (
        ("category", categories, set(schema.categories)),
        ("predicate", predicates, set(schema.predicates)),
    ):
        for label, name in wanted.items():
            if name not in known:
                hint = nearest(name, sorted(known))
                raise ConfigError(
                    f"schema '{schema.name}': '{label}' can't mean the {kind} '{name}': {hint}"
                )
    labels = ({**schema.labels[0], **categories}, {**schema.labels[1], **predicates})
    return Schema(
        schema.name,
        title=schema.title,
        model=schema.model,
        model_version=schema.model_version,
        categories=schema.categories,
        predicates=schema.predicates,
        prefixes=schema.prefixes,
        fingerprint=content_hash(schema.fingerprint, *(sorted(x.items()) for x in labels)),
        labels=labels,
    )
