"""Whose convention a tagger follows: each corpus that it learned from has its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kgbuild.errors import ConfigError
from kgbuild.extractors.labels import LabelSet, read_labels

__all__ = ["Conventions", "Head", "bioes_labels", "read_conventions"]


def bioes_labels(categories: Sequence[str]) -> list[str]:
    """Return the labels of a corpus that annotates ``categories``; outside comes first.

    >>> bioes_labels(["Gene"])
    ['O', 'B-Gene', 'I-Gene', 'E-Gene', 'S-Gene']
    """
    return ["O", *(f"{prefix}-{name}" for name in categories for prefix in "BIES")]


@dataclass(frozen=True, slots=True)
class Head:
    """A convention's columns ``low:high`` of the model's scores, and what is wanted of it.

    ``groups`` gives the columns (within the head) of each category. ``repeat`` is the score from
    which a mention's words are mentions all over the document; above 1 they never are.
    """

    name: str
    low: int
    high: int
    labels: LabelSet
    wanted: frozenset[str]
    groups: Mapping[str, Sequence[int]]
    repeat: float


@dataclass(frozen=True, slots=True)
class Conventions:
    """The heads of a model, and the convention of each category that is read."""

    all_heads: Sequence[Head]
    chosen: Mapping[str, str]
    labels_in_all: int

    @property
    def heads(self) -> Sequence[Head]:
        """The heads that are read."""
        return [head for head in self.all_heads if head.wanted]


def read_conventions(
    settings: Mapping[str, Any],
    *,
    convention: str | Mapping[str, str] | None,
    categories: Iterable[str] | None,
    source: str,
) -> Conventions:
    """Return which heads to read for which categories.

    Args:
        settings: ``conventions`` lists each corpus's categories in the order of the heads;
            ``default`` names the convention of each category; ``repeat`` the score from which a
            mention's words are mentions all over the document, for conventions that want it.
        convention: a corpus's name, or one for each category.
        categories: only these.
        source: what the model is called in messages.

    Raises:
        ConfigError: the model has no such convention, or it doesn't have such a category.
    """
    known: dict[str, list[str]] = {str(k): list(v) for k, v in settings["conventions"].items()}
    chosen: dict[str, str] = dict(settings["default"])
    for category, name in chosen.items():
        _check(name, known, f"{source}, whose default for {category} is another corpus,")
    if isinstance(convention, str):
        _check(convention, known, source)
        chosen = dict.fromkeys(known[convention], convention)
    else:
        for category, name in (convention or {}).items():
            _check(name, known, source)
            if category not in known[name]:
                raise ConfigError(
                    f"the convention {name!r} of {source} has no {category!r}: it has "
                    f"{', '.join(known[name])}"
                )
            chosen[category] = name
    if categories is not None:
        wanted = list(categories)
        unknown = [category for category in wanted if category not in chosen]
        if unknown:
            raise ConfigError(
                f"{source} finds no {unknown[0]!r}: it finds {', '.join(sorted(chosen))}"
            )
        chosen = {category: chosen[category] for category in wanted}
    heads, low = [], 0
    for name, own in known.items():
        labels = read_labels(dict(enumerate(bioes_labels(own))))
        high = low + len(labels.types)
        wanted_here = frozenset(c for c, by in chosen.items() if by == name)
        groups = {c: [i for i, t in enumerate(labels.types) if t == c] for c in own}
        repeat = float(settings.get("repeat", {}).get(name, 2.0))
        heads.append(Head(name, low, high, labels, wanted_here, groups, repeat))
        low = high
    return Conventions(heads, chosen, low)


def _check(name: str, known: Mapping[str, Sequence[str]], source: str) -> None:
    if name not in known:
        raise ConfigError(
            f"{source} knows no convention {name!r}: it learned {', '.join(sorted(known))}"
        )
