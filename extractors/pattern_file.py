"""The file that declares trigger patterns: read, checked, made frozen records."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kgbuild.errors import ConfigError

__all__ = ["DEFAULT_PATTERNS", "Pattern", "PatternFile", "load_patterns"]

DEFAULT_PATTERNS = Path(__file__).with_name("patterns.yaml")
"""The shipped biomedical patterns."""

_WORD_LISTS = ("verbs", "nouns", "agents")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pattern(_Section):
    """Who does what to whom, and which words say so.

    ``verbs`` are lemmas ("inhibit", "lead to"), ``nouns`` name the event ("inhibition"),
    ``agents`` name who does it ("inhibitor"); each is used by the file's constructions.
    ``phrases`` are templates of this pattern only. ``blocking`` and ``allowing`` are words that
    this pattern adds to, and takes from, those that the file lets no gap step over. ``heads`` are
    nouns that an object which ends a template isn't followed by, one word between or none: in
    "drives cancer drug resistance" what is driven is the resistance.
    """

    name: str = Field(min_length=1)
    predicate: str = Field(min_length=1)
    subject: tuple[str, ...] = Field(min_length=1)
    object: tuple[str, ...] = Field(min_length=1)
    confidence: float | dict[str, float] = 0.5
    verbs: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    constructions: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()
    allowing: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Pattern:
        if not (self.phrases or self.verbs or self.nouns or self.agents):
            raise ValueError("at least one of verbs, nouns, agents and phrases is needed")
        values = (
            self.confidence.values() if isinstance(self.confidence, dict) else [self.confidence]
        )
        if not all(0 <= value <= 1 for value in values):
            raise ValueError("confidence must lie in [0, 1]")
        return self

    def score(self, construction: str) -> float:
        """Return the precision declared for a construction ("phrases" for the pattern's own)."""
        if isinstance(self.confidence, dict):
            return self.confidence.get(construction, self.confidence.get("default", 0.5))
        return self.confidence


class Blocking(_Section):
    """Words that break a pattern.

    ``between``: no gap steps over them ("whereas"). ``before``: a first slot doesn't follow them
    ("loss of"). ``after``: a last slot isn't followed by them ("inhibitor").
    """

    between: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class PatternFile(_Section):
    """All that a patterns file says.

    ``constructions`` are the templates that patterns share; ``groups`` name sets of categories,
    for use as subject or object.
    """

    name: str = "patterns"
    version: str = "1"
    constructions: dict[str, tuple[str, ...]] = {}
    groups: dict[str, tuple[str, ...]] = {}
    blocking: Blocking = Blocking()
    patterns: tuple[Pattern, ...] = Field(min_length=1)

    def members(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return categories, with the names of groups replaced by their members."""
        members = (member for name in names for member in self.groups.get(name, (name,)))
        return tuple(dict.fromkeys(members))


def load_patterns(
    path: Path | str, *, categories: Collection[str] = (), predicates: Collection[str] = ()
) -> PatternFile:
    """Read a patterns file.

    ``categories`` and ``predicates`` are those of the schema; where given, others are refused.

    Raises:
        ConfigError: where the file can't be read, is no YAML, or doesn't say what it must; the
            message names the file, the pattern and what was expected.
    """
    path = Path(path)
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: a patterns file can't be read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: no valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict):
        raise ConfigError(
            f"{path}: expected a mapping with the key 'patterns', got {type(raw).__name__}"
        )
    try:
        parsed = PatternFile.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_explain(raw, error)}") from error
    _check_names(path, parsed, categories, predicates)
    return parsed


def _explain(raw: Mapping[str, Any], error: ValidationError) -> str:
    """Say in which pattern and field the first error lies, and what was expected."""
    first = error.errors()[0]
    place = list(first["loc"])
    where = ""
    patterns = raw.get("patterns")
    if place[:1] == ["patterns"] and len(place) > 1 and isinstance(patterns, list):
        index = place[1]
        entry = patterns[index] if isinstance(index, int) else None
        name = entry.get("name") if isinstance(entry, dict) else None
        where = f"pattern {name!r}" if name else f"pattern number {int(index) + 1}"
        place = place[2:]
    field = ".".join(str(part) for part in place)
    where = ", ".join(part for part in (where, f"key {field!r}" if field else "") if part)
    message = first["msg"]
    if first["type"] == "extra_forbidden":
        model = Pattern if where.startswith("pattern") else PatternFile
        message = f"unknown key; {_nearest(str(place[-1]), model.model_fields)}"
    if first["type"] == "string_type" and (
        first["input"] is None or first["input"] in (True, False)
    ):
        message += "; YAML takes null, yes, no, on and off for values: put such a word in quotes"
    return f"{where}: {message}" if where else message


def _check_names(
    path: Path, parsed: PatternFile, categories: Collection[str], predicates: Collection[str]
) -> None:
    seen: set[str] = set()
    for pattern in parsed.patterns:
        place = f"{path}: pattern {pattern.name!r}"
        if pattern.name in seen:
            raise ConfigError(f"{place}: this name is used twice; give each pattern its own")
        seen.add(pattern.name)
        for category in parsed.members((*pattern.subject, *pattern.object)):
            if categories and category not in categories:
                raise ConfigError(
                    f"{place}: {category!r} is no category of the schema; "
                    f"{_nearest(category, categories)}"
                )
        if predicates and pattern.predicate not in predicates:
            raise ConfigError(
                f"{place}: {pattern.predicate!r} is no predicate of the schema; "
                f"{_nearest(pattern.predicate, predicates)}"
            )
        named = (*(pattern.constructions or ()), *pattern.without)
        for construction in named:
            if construction not in parsed.constructions:
                raise ConfigError(
                    f"{place}: no construction is called {construction!r}; "
                    f"{_nearest(construction, parsed.constructions)}"
                )


def _nearest(word: str, options: Collection[str]) -> str:
    near = difflib.get_close_matches(word, options, n=1, cutoff=0.5)
    listed = ", ".join(sorted(options)[:12])
    return f"did you mean {near[0]!r}?" if near else f"expected one of {listed}"
