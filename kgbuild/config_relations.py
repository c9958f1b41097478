"""The sections of the configuration that name relation extractors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "CooccurrenceConfig",
    "GivenRelationsConfig",
    "ModelRelationsConfig",
    "PatternsConfig",
    "RelationConfig",
    "Section",
]


class Section(BaseModel):
    """A part of the configuration; keys that it doesn't know are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PatternsConfig(Section):
    """Trigger patterns declared in YAML."""

    type: Literal["patterns"] = "patterns"
    file: str | None = Field(None, description="a patterns file; the shipped one if absent")


class CooccurrenceConfig(Section):
    """Entities named together."""

    type: Literal["cooccurrence"] = "cooccurrence"
    level: Literal["sentence", "document"] = "sentence"
    pairs: list[tuple[str, str]] | None = Field(None, description="only these category pairs")


class ModelRelationsConfig(Section):
    """Runs kgbuild's own trained relation model, or one that `kgbuild train relations` made."""

    type: Literal["model"] = "model"
    model: str | None = Field(None, description="a folder; the shipped model if absent")
    threshold: float | None = Field(
        None, ge=0, le=1, description="least probability of a relation; the model's own if absent"
    )
    score: float = Field(
        0.4, ge=0, le=1, description="least probability that a relation holds, its type included"
    )
    named: bool = Field(True, description="relate names without identifier too")
    threads: int | None = Field(None, ge=1, description="windows at once; all cores if absent")


class GivenRelationsConfig(Section):
    """Takes the relations that the input carries."""

    type: Literal["given"] = "given"


RelationConfig = Annotated[
    PatternsConfig | CooccurrenceConfig | ModelRelationsConfig | GivenRelationsConfig,
    Field(discriminator="type"),
]
