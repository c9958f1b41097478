"""What the training of a ranking can be told."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kgbuild.training.encoder_settings import LinkedCorpus
from kgbuild.training.settings import DifferentlyNamed

__all__ = ["RankingSettings"]


class RankingSettings(BaseModel):
    """How the order of similar names is learned, for one encoder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoder: str = Field(description="a folder of `kgbuild train encoder`, or any other encoder")
    vocabularies: list[str] = Field(min_length=1, description="names of `vocab list`, or files")
    corpora: Annotated[list[LinkedCorpus], DifferentlyNamed] = Field(
        min_length=1, description="mentions with identifiers"
    )
    held_back: str | None = Field(
        None, description="file that lists documents that must not train, one id a line"
    )
    keep_for_ranking: int = Field(
        4, ge=1, description="every n-th training document is learned from: those that the "
        "encoder's training left out by the same number; 1 takes all"
    )  # fmt: skip
    kinds: list[str] = Field(
        default=[],
        description="how identifiers begin that may be meant more or less often than others",
    )
    schema_: str = Field("biomedical", alias="schema")
    decay: float = Field(1e-4, ge=0, description="how much large weights cost")
