"""What the training of a relation model can be told, beside what every training can."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kgbuild.training.settings import CorpusFiles, DifferentlyNamed, TrainingSettings

__all__ = ["BagSettings", "RelationCorpusSettings", "RelationSettings"]


class RelationCorpusSettings(CorpusFiles):
    """A corpus to learn relations from."""

    types: list[str] = Field(min_length=1, description="its types of relations")
    pairs: list[tuple[str, str]] = Field(
        min_length=1,
        description="the categories that it relates; of the others nothing is known there",
    )
    novelty: bool = Field(False, description="it says whether a relation is new")
    predicates: dict[str, str] = Field(
        default_factory=dict,
        description="our predicate for a type, or for 'TYPE CATEGORY CATEGORY'",
    )
    implies: dict[str, tuple[str, str]] = Field(
        default_factory=dict,
        description="a type of this corpus that is the type of another one: [corpus, type]; each "
        "then teaches the other, where it relates such categories",
    )

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        for key in self.predicates:
            if key.partition(" ")[0] not in self.types:
                raise ValueError(
                    f"predicates: {key!r} begins with no type of this corpus: it has "
                    f"{', '.join(self.types)}"
                )
        return self


class BagSettings(BaseModel):
    """How the linear model is trained that judges pairs beside the network, by their words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(
        0.5, ge=0, lt=1, description="how much it counts, the network the rest; 0: there is none"
    )
    related: float = Field(
        1.0, gt=0, description="inverse strength of regularisation where it says what is related"
    )
    type: float = Field(3.0, gt=0, description="… in which type")
    novelty: float = Field(0.3, gt=0, description="… and whether that is new")


class RelationSettings(BaseModel):
    """How a relation model is trained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: list[str] = Field(
        min_length=1, description="what is marked in the text; kinds of a category count as it"
    )
    corpora: Annotated[list[RelationCorpusSettings], DifferentlyNamed] = Field(min_length=1)
    schema_: str = Field("biomedical", alias="schema", description="a name, or a YAML file")
    held_back: str | None = Field(
        None, description="a list of PubMed ids that must not train; one a line"
    )
    start_from: str | None = Field(
        None,
        description="folder of a finished training over the same base, or a model's .onnx file, "
        "whose encoder this one begins with (what recognizes names knows much of relations), and "
        "whose head, if it is one for the same labels",
    )
    negatives: float = Field(
        1.0, gt=0, le=1, description="share of a window's unrelated pairs that a step learns from"
    )
    positive_weight: float = Field(
        1.0, gt=0, description="how much a related pair counts, beside 1 for an unrelated one"
    )
    novelty_weight: float = Field(0.5, ge=0, description="how much novelty counts, beside the type")
    implied_weight: float = Field(
        0.5, ge=0, description="how much what another corpus implies counts"
    )
    hide: float = Field(0.05, ge=0, lt=1, description="share of word pieces hidden in training")
    hide_mentions: float = Field(
        0.0, ge=0, lt=1, description="share of mentions whose name is hidden, so that the text "
        "around them must tell"
    )  # fmt: skip
    mark_layer: int | None = Field(
        0, ge=0, description="the layer that first sees which word pieces are mentions; or none"
    )
    measure: int | None = Field(
        None, ge=1, description="documents of a corpus to measure on between epochs; all if absent"
    )
    dropout: float = Field(0.2, ge=0, lt=1, description="before the classifier")
    width: int = Field(256, ge=8, description="of the classifier's hidden layer")
    bag: BagSettings = BagSettings()
    training: TrainingSettings = TrainingSettings()

    def final(self) -> RelationSettings:
        """Return settings that learn from the development files too, and measure nothing."""
        return self.model_copy(update={"corpora": [own.final() for own in self.corpora]})
