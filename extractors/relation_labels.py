"""What a relation model's columns mean: the types of each convention, and our predicates for them.

A convention is how one corpus annotates: which categories it relates, in which types, and whether
it says that a relation is new. A model that learned several has columns for each, one after the
other: none, its types, and novelty where it has that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from kgbuild.errors import ConfigError
from kgbuild.extractors.relation_units import Layout

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.ontologies.schema import Schema

__all__ = ["Convention", "Judgement", "RelationLabels"]


@dataclass(frozen=True)
class Judgement:
    """What a convention says of each pair.

    Attributes:
        related: ``(pairs,)`` probability of any type; 0 where the convention relates no such pair.
        types: ``(pairs, types)`` probability of each type.
        novel: ``(pairs,)`` probability of novelty, or None.
    """

    related: NDArray[np.float32]
    types: NDArray[np.float32]
    novel: NDArray[np.float32] | None


@dataclass(frozen=True)
class Convention:
    """How a corpus annotates relations.

    Attributes:
        name: of the corpus.
        types: its types, as it calls them.
        pairs: the pairs of categories (see ``Layout``) that it relates.
        novelty: whether it says that a relation is new.
        predicates: our predicate for a type (``"Bind": "binds"``), or for a type between two
            categories (``"Negative_Correlation ChemicalEntity DiseaseOrPhenotypicFeature":
            "treats"``); one that isn't here keeps its name. ``"CID": "causes"`` runs from the
            pair's first category to its second.
        threshold: probability from which a pair counts as related.
        slope, bias: log odds of a relation are ``slope * raw + bias``: what makes probabilities
            agree with how often they are right.
    """

    name: str
    types: tuple[str, ...]
    pairs: frozenset[tuple[str, str]]
    novelty: bool = False
    predicates: Mapping[str, str] | None = None
    threshold: float = 0.5
    slope: float = 1.0
    bias: float = 0.0

    @property
    def columns(self) -> int:
        """How many columns of the model are its own."""
        return 1 + len(self.types) + self.novelty

    def predicate(self, type: str, first: str, second: str) -> str:
        """Return our predicate for a type between two categories of the layout."""
        known = self.predicates or {}
        return known.get(f"{type} {first} {second}", self.general_predicate(type))

    def general_predicate(self, type: str) -> str:
        """Return our predicate for a type, whatever it relates."""
        return (self.predicates or {}).get(type, type)

    def judge(self, logits: NDArray[np.float32], allowed: NDArray[np.bool_]) -> Judgement:
        """Return the probabilities that this convention's columns stand for.

        Args:
            logits: ``(pairs, columns)``.
            allowed: ``(pairs,)``: whether the convention relates such categories.
        """
        import numpy as np

        kinds = logits[:, : 1 + len(self.types)].astype(np.float64)
        best = kinds[:, 1:].max(axis=1, keepdims=True)
        share = np.exp(kinds[:, 1:] - best)
        total = share.sum(axis=1, keepdims=True)
        odds = (best + np.log(total))[:, 0] - kinds[:, 0]
        related = np.where(allowed, 1 / (1 + np.exp(-(self.slope * odds + self.bias))), 0.0)
        types = related[:, None] * share / total
        novel = 1 / (1 + np.exp(-logits[:, -1].astype(np.float64))) if self.novelty else None
        return Judgement(
            related.astype(np.float32),
            types.astype(np.float32),
            None if novel is None else novel.astype(np.float32),
        )


@dataclass(frozen=True)
class RelationLabels:
    """The layout and the conventions of a model, in the order of its columns."""

    layout: Layout
    conventions: tuple[Convention, ...]

    @property
    def columns(self) -> int:
        """How many columns the model has."""
        return sum(convention.columns for convention in self.conventions)

    def experts(self, first: str, second: str) -> dict[str, int]:
        """Return predicates between two categories that a convention knows as its only type.

        The values are places in ``conventions``.
        """
        return {
            convention.predicate(convention.types[0], first, second): place
            for place, convention in enumerate(self.conventions)
            if len(convention.types) == 1 and (first, second) in convention.pairs
        }

    def judge(
        self, logits: NDArray[np.float32], kinds: Sequence[tuple[int, int]]
    ) -> list[Judgement]:
        """Return what each convention says.

        Args:
            logits: ``(pairs, columns)``.
            kinds: the two ends' categories of each pair, as places in the layout.
        """
        import numpy as np

        names = self.layout.categories
        start, found = 0, []
        for convention in self.conventions:
            allowed = np.array([(names[a], names[b]) in convention.pairs for a, b in kinds], bool)
            stop = start + convention.columns
            found.append(convention.judge(logits[:, start:stop], allowed))
            start = stop
        return found

    def calibrated_as(self, other: RelationLabels, *, source: str) -> RelationLabels:
        """Return these labels with the thresholds and probabilities of ``other``.

        Raises:
            ConfigError: ``other``, which ``source`` describes, has other conventions.
        """
        shape = [(c.name, c.types, c.pairs, c.novelty) for c in self.conventions]
        if shape != [(c.name, c.types, c.pairs, c.novelty) for c in other.conventions]:
            raise ConfigError(
                f"{source} is of a model with other corpora, types or pairs: thresholds must come "
                "from a measured training of the same configuration"
            )
        return replace(
            self,
            conventions=tuple(
                replace(own, threshold=c.threshold, slope=c.slope, bias=c.bias)
                for own, c in zip(self.conventions, other.conventions, strict=True)
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` takes."""
        layout = asdict(self.layout) | {"pairs": sorted(self.layout.pairs)}
        conventions = [asdict(c) | {"pairs": sorted(c.pairs)} for c in self.conventions]
        return {"version": 1, "layout": layout, "conventions": conventions}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, source: str) -> RelationLabels:
        """Return the labels that a model folder's ``relations.json`` describes.

        Raises:
            ConfigError: it is no such description, or of a newer version.
        """
        if data.get("version") != 1:
            raise ConfigError(
                f"{source} has version {data.get('version')!r}, expected 1: it is no relation "
                "model, or one of a newer kgbuild"
            )
        try:
            layout = Layout(
                **data["layout"]
                | {
                    "categories": tuple(data["layout"]["categories"]),
                    "pairs": _pairs(data["layout"]["pairs"]),
                }
            )
            conventions = tuple(
                Convention(**c | {"types": tuple(c["types"]), "pairs": _pairs(c["pairs"])})
                for c in data["conventions"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"{source} is no description of a relation model: {error}") from error
        return cls(layout, conventions)

    def check(self, schema: Schema, *, source: str) -> None:
        """Check that the schema has the categories and predicates.

        Raises:
            ConfigError: it lacks one; the message names it.
        """
        lacking = [c for c in self.layout.categories if schema.category(c) is None]
        if lacking:
            raise ConfigError(
                f"{source} relates {', '.join(lacking)}, which the schema doesn't have: use the "
                "schema that it was trained with, or leave this model out"
            )


def _pairs(rows: Sequence[Sequence[str]]) -> frozenset[tuple[str, str]]:
    return frozenset((first, second) for first, second in rows)
