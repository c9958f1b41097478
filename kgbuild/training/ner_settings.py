"""What the training of a tagger can be told, beside what every training can."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kgbuild.training.settings import CorpusFiles, DifferentlyNamed, TrainingSettings

__all__ = ["CorpusSettings", "NerSettings", "TeacherSettings"]


class CorpusSettings(CorpusFiles):
    """A corpus to learn mentions from."""

    categories: list[str] = Field(min_length=1, description="what the corpus annotates")
    repeat: float | None = Field(
        None,
        ge=0,
        le=1,
        description="score from which a mention's words are mentions all over the document",
    )
    share: float = Field(
        1.0, ge=0, le=1, description="share of documents without mentions that an epoch shows"
    )


class TeacherSettings(BaseModel):
    """Finished recognizers that a student learns from, beside the annotations."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: list[str] = Field(
        min_length=1,
        description="folders of recognizers, e.g. the model/ of trainings with other seeds",
    )
    texts: list[str] = Field(
        default=[], description="documents of any readable format that only teachers label"
    )
    weight: float = Field(
        0.5,
        gt=0,
        le=1,
        description="share of the loss that is theirs, not the annotations'",
    )
    share: float = Field(1.0, ge=0, le=1, description="share of the texts that an epoch shows")


class NerSettings(BaseModel):
    """How a tagger is trained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    corpora: Annotated[list[CorpusSettings], DifferentlyNamed] = Field(min_length=1)
    schema_: str = Field("biomedical", alias="schema", description="a name, or a YAML file")
    held_back: str | None = Field(
        None, description="a list of PubMed ids that must not train; one a line"
    )
    default: dict[str, str] = Field(
        default_factory=dict,
        description="whose convention the model follows, by category; else the first that has it",
    )
    start_from: str | None = Field(
        None,
        description="folder of a finished training over the same base, or a recognizer's .onnx "
        "file, to go on from; all heads are new where corpora or categories are others",
    )
    teachers: TeacherSettings | None = Field(
        None, description="recognizers whose judgement is learned beside the annotations"
    )
    gazetteer: list[str] = Field(
        default=[], description="vocabularies whose names are features; as in a build"
    )
    without_gazetteer: float = Field(
        0.2, ge=0, le=1, description="share of windows that are shown without gazetteer"
    )
    hide: float = Field(0.12, ge=0, lt=1, description="share of word pieces hidden in training")
    dropout: float = Field(0.1, ge=0, lt=1, description="before the heads")
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    shortest_window: int = Field(32, ge=8, description="word pieces in a window, at random")
    longest_window: int = Field(126, ge=8, description="and at most, and when measuring")
    training: TrainingSettings = TrainingSettings()

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.shortest_window > self.longest_window:
            raise ValueError(
                f"shortest_window ({self.shortest_window}) is more than longest_window "
                f"({self.longest_window})"
            )
        known = {own.name: own.categories for own in self.corpora}
        for category, name in self.default.items():
            if category not in known.get(name, ()):
                having = [own for own, categories in known.items() if category in categories]
                raise ValueError(
                    f"default: {category} by {name!r}, but "
                    + (f"only {', '.join(having)} annotates it" if having else "no corpus has it")
                )
        return self

    def final(self) -> NerSettings:
        """Return settings that learn from the development files too, and measure nothing."""
        return self.model_copy(update={"corpora": [own.final() for own in self.corpora]})
