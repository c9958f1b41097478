"""What the training of a name encoder can be told, beside what every training can."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from kgbuild.training.settings import DifferentlyNamed, TrainingSettings, own_defaults

__all__ = ["EncoderSettings", "LinkedCorpus", "NameSource"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NameSource(_Section):
    """A vocabulary whose synonyms are learned."""

    name: str = Field(description="a name of `kgbuild vocab list`, or a file")
    category: str | None = Field(None, description="the category of terms that name none")
    share: float = Field(1.0, gt=0, description="how often its terms are drawn, against the others")


class LinkedCorpus(_Section):
    """A corpus whose mentions have identifiers: they are learned as synonyms."""

    name: str
    training: list[str] = Field(min_length=1, description="files of any readable format")
    development: list[str] = Field(default=[], description="files to measure on")
    options: dict[str, Any] = Field(default_factory=dict, description="options of the reader")


class EncoderSettings(_Section):
    """How a name encoder is trained (Liu et al. 2021, SapBERT; the hierarchy as in HiPrBERT)."""

    vocabularies: list[str | NameSource] = Field(min_length=1)
    corpora: Annotated[list[LinkedCorpus], DifferentlyNamed] = Field(
        default=[], description="mentions with identifiers"
    )
    held_back: str | None = Field(
        None, description="file that lists documents that must not train, one id a line"
    )
    keep_for_ranking: int = Field(
        4, ge=2, description="every n-th training document is left out, to choose a threshold on"
    )
    schema_: str = Field("biomedical", alias="schema")
    steps: int = Field(100, ge=1, description="batches in an epoch")
    terms: int = Field(36, ge=2, description="terms in a batch, two names of each")
    mentions: int = Field(64, ge=0, description="mentions in a batch, each with names of its term")
    neighbours: int = Field(8, ge=0, description="terms written alike that are drawn as negatives")
    parents: float = Field(0.35, ge=0, le=1, description="how often a parent is drawn as well")
    hierarchy: float = Field(
        0.3, ge=0, description="weight of: a parent is closer than a stranger, by the margin"
    )
    margin: float = Field(0.05, ge=0, lt=1)
    temperature: float = Field(50.0, gt=0, description="of negatives, in the multi-similarity loss")
    longest: int = Field(40, ge=8, description="word pieces of a name, at most")
    thresholds: dict[str, float] = Field(
        {}, description="cosine from which a name is taken, by category of the mention"
    )
    training: Annotated[TrainingSettings, own_defaults(layers=2, epochs=3, learning_rate=3e-4)] = (
        Field(default_factory=dict, validate_default=True)
    )

    def sources(self) -> list[NameSource]:
        """Return the vocabularies, each with its options."""
        return [NameSource(name=v) if isinstance(v, str) else v for v in self.vocabularies]
