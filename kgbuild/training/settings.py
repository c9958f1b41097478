"""What every training can be told, whatever it trains."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Protocol, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

__all__ = ["CorpusFiles", "DifferentlyNamed", "LoraSettings", "TrainingSettings", "own_defaults"]


class _Named(Protocol):
    @property
    def name(self) -> str: ...


CorporaT = TypeVar("CorporaT", bound=Sequence[_Named])


def _differently_named(corpora: CorporaT) -> CorporaT:
    names = [corpus.name for corpus in corpora]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ValueError(f"two corpora are called {name!r}: give each a name of its own")
    return corpora


DifferentlyNamed = AfterValidator(_differently_named)
"""For lists of corpora: a name is a convention's, and a convention is one corpus's."""


def own_defaults(**values: Any) -> BeforeValidator:
    """Let ``values`` stand where a section of settings doesn't say otherwise."""
    return BeforeValidator(lambda said: values | said if isinstance(said, dict) else said)


def _known_device(device: str) -> str:
    if not re.fullmatch("auto|cpu|cuda(:[0-9]+)?", device):
        raise ValueError("expected auto, cpu, cuda or cuda:N")
    return device


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CorpusFiles(_Section):
    """An annotated corpus whose rules are learned as a convention of their own."""

    name: str = Field(description="names its convention in the finished model")
    training: list[str] = Field(min_length=1, description="files of any readable format")
    development: list[str] = Field(default=[], description="files to measure and calibrate on")
    options: dict[str, Any] = Field(default_factory=dict, description="of the files' reader")
    fold: dict[str, str] = Field(
        default_factory=dict, description="categories that count as another one"
    )

    def final(self) -> Self:
        """Return a corpus that trains on its development files too, and measures nothing."""
        files = [*self.training, *self.development]
        return self.model_copy(update={"training": files, "development": []})


class LoraSettings(_Section):
    """Low-rank adaptation (Hu et al. 2021) of the encoder's linear layers, by peft."""

    rank: int = Field(16, ge=1, description="rank of the update of each matrix")
    alpha: int = Field(32, ge=1, description="the update is scaled by alpha / rank")
    dropout: float = Field(0.0, ge=0, lt=1)


class TrainingSettings(_Section):
    """How a model is trained. The defaults suit fine-tuning a small encoder on two cores."""

    base: str = Field(
        "sentence-transformers/all-MiniLM-L6-v2",
        description="a Hugging Face encoder: a folder, or a hub id",
    )
    layers: int | None = Field(
        None, ge=1, description="keep only the first layers of the base; all if absent"
    )
    seed: int = Field(0, ge=0)
    epochs: int = Field(8, ge=1, description="at most; early stopping may end before")
    patience: int | None = Field(
        None, ge=1, description="stop after this many epochs without a better score"
    )
    batch_tokens: int = Field(2048, ge=16, description="most tokens in a batch, padding included")
    learning_rate: float = Field(5e-5, gt=0, description="of the encoder's top layer")
    head_learning_rate: float = Field(1e-3, gt=0, description="of everything above the encoder")
    layer_decay: float = Field(
        1.0, gt=0, le=1, description="each layer learns this much of the rate of the one above"
    )
    warmup: float = Field(0.06, ge=0, le=1, description="share of the steps with a rising rate")
    weight_decay: float = Field(0.01, ge=0)
    clip: float = Field(1.0, gt=0, description="largest norm of the gradient")
    freeze_words: bool = Field(True, description="leave the word embeddings as they are")
    freeze_layers: int = Field(0, ge=0, description="leave this many lower layers as they are")
    reinitialize_layers: int = Field(
        0, ge=0, description="start this many top layers afresh (Tinn et al. 2021)"
    )
    encoder_dropout: float = Field(0.0, ge=0, lt=1, description="inside the encoder")
    lora: LoraSettings | None = Field(None, description="train low-rank updates only")
    average: float = Field(
        0.0, ge=0, lt=1, description="decay of the running average of the weights; 0: none"
    )
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto", description="auto: bf16 where the processor multiplies it fast, else fp32"
    )
    device: Annotated[str, AfterValidator(_known_device)] = Field(
        "auto", description="auto, cpu, cuda or cuda:N"
    )
    checkpoint_seconds: float = Field(120, gt=0, description="seconds between checkpoints")
