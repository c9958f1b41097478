"""A base for one's trainings: an encoder with fewer word pieces, or one that has read the field.

``kgbuild train base`` prunes the vocabulary; ``kgbuild train pretrain`` goes on with masked
language modelling (Devlin et al. 2019), as Gururangan et al. (2020) do with a field's own text.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kgbuild.errors import ConfigError, InputError
from kgbuild.records import Failure, content_hash
from kgbuild.training.corpora import readable_documents
from kgbuild.training.hardware import require_training
from kgbuild.training.settings import TrainingSettings, own_defaults
from kgbuild.training.settings_file import encoder_beside, named_or_file, resolve
from kgbuild.training.word_pieces import count_pieces, keep_pieces, prune_encoder

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer
    from torch import Tensor, nn

    from kgbuild.training.loop import Progress

__all__ = ["BaseSettings", "PretrainSettings", "make_base", "pretrain"]


class BaseSettings(BaseModel):
    """How a base with fewer word pieces is made: by a list of pieces, or by counting them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base: str = Field(
        "sentence-transformers/all-MiniLM-L6-v2", description="a BERT encoder: folder or hub id"
    )
    pieces: str | None = Field(None, description="a tokenizer.json that lists what to keep")
    size: int | None = Field(None, ge=100, description="or: keep so many pieces")
    texts: list[str] = Field(default=[], description="… those frequent in these documents")
    vocabularies: list[str] = Field(default=[], description="… or in names of these vocabularies")

    @model_validator(mode="after")
    def _either(self) -> BaseSettings:
        if (self.pieces is None) == (self.size is None):
            raise ValueError("expected either pieces or size")
        if self.size is not None and not (self.texts or self.vocabularies):
            raise ValueError("size needs texts or vocabularies to count pieces in")
        return self


class PretrainSettings(BaseModel):
    """How an encoder goes on learning from plain text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    texts: list[str] = Field(min_length=1, description="documents of any readable format")
    hide: float = Field(0.15, gt=0, lt=1, description="share of word pieces to guess")
    window: int = Field(126, ge=8, description="word pieces in a window")
    held_out: float = Field(0.05, gt=0, lt=1, description="share of windows to measure on")
    training: Annotated[TrainingSettings, own_defaults(freeze_words=False)] = Field(
        default_factory=dict, validate_default=True
    )


def make_base(settings: BaseSettings, folder: Path, *, beside: Path) -> int:
    """Write the pruned encoder to ``folder``; return how many pieces it has.

    Raises:
        ConfigError: the base has no WordPiece vocabulary, or ``pieces`` is no tokenizer.
    """
    require_training()
    base = encoder_beside(settings.base, beside)
    if settings.pieces is not None:
        file = Path(resolve(settings.pieces, beside))
        try:
            kept = list(json.loads(file.read_text("utf-8"))["model"]["vocab"])
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(f"{file} is no tokenizer.json ({error})") from error
    else:
        counts = [count_pieces(base, some) for some in _collections(settings, beside)]
        known = json.loads((base / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
        kept = keep_pieces(
            sorted(known, key=lambda piece: known[piece]), counts, size=settings.size or 0
        )
    prune_encoder(base, folder, kept=kept)
    return len(kept)


def _collections(settings: BaseSettings, beside: Path) -> Iterator[Iterator[str]]:
    if settings.texts:
        yield _texts(settings.texts, beside)
    if settings.vocabularies:
        yield _names([named_or_file(name, beside) for name in settings.vocabularies])


def _texts(files: Sequence[str], beside: Path) -> Iterator[str]:
    for item in readable_documents([resolve(file, beside) for file in files]):
        yield item.document.text


def _names(vocabularies: Sequence[str]) -> Iterator[str]:
    from kgbuild.ontologies import open_vocabulary

    for vocabulary in map(open_vocabulary, vocabularies):
        for term in vocabulary.terms():
            if not isinstance(term, Failure):
                yield term.name
                yield from (synonym.text for synonym in term.synonyms)


def pretrain(
    settings: PretrainSettings,
    folder: Path,
    *,
    beside: Path,
    progress: Callable[[Progress], None] | None = None,
) -> Mapping[str, float]:
    """Go on with masked language modelling; write the encoder to ``folder/model``.

    Returns:
        The best epoch's measures; ``score`` is minus the loss on the held-out windows.

    Raises:
        InputError: the texts hold no window.
    """
    require_training()
    from kgbuild.checkpoints import open_tokenizer
    from kgbuild.training.loop import train

    base = encoder_beside(settings.training.base, beside)
    training = settings.training.model_copy(update={"base": str(base)})
    tokenizer = open_tokenizer(base)
    windows = _windows(tokenizer, _texts(settings.texts, beside), settings.window)
    if len(windows) < 2:
        raise InputError(f"{', '.join(settings.texts)}: not enough text to learn from")
    random.Random(training.seed).shuffle(windows)  # noqa: S311
    held = max(1, int(len(windows) * settings.held_out))
    task = _Guessing(windows[held:], windows[:held], tokenizer, settings)
    result = train(task, training, folder, progress=progress)
    encoder: Any = result.model.encoder
    encoder.save_pretrained(folder / "model")
    for file in base.glob("tokenizer*.json"):
        (folder / "model" / file.name).write_bytes(file.read_bytes())
    return result.best


def _windows(tokenizer: Tokenizer, texts: Iterator[str], size: int) -> list[list[int]]:
    found = []
    for text in texts:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        found += [ids[i : i + size] for i in range(0, len(ids), size)]
    return [window for window in found if len(window) >= 8]


class _Guessing:
    """Masked language modelling over a fixed list of windows."""

    def __init__(
        self,
        windows: Sequence[list[int]],
        held: Sequence[list[int]],
        tokenizer: Tokenizer,
        settings: PretrainSettings,
    ) -> None:
        self._windows, self._held, self._settings = windows, held, settings
        self._size = tokenizer.get_vocab_size()
        special = [tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]", "[MASK]", "[PAD]")]
        if None in special:
            raise ConfigError("pretraining needs a BERT tokenizer with [CLS], [SEP], [MASK], [PAD]")
        self._start, self._stop, self._mask, self._pad = (int(i or 0) for i in special)

    @property
    def identity(self) -> str:
        """Hash of the text and of what is learned of it."""
        said = self._settings.model_dump_json(exclude={"training"})
        return content_hash("pretrain", said, *map(str, (*self._windows, *self._held)))

    def build(self, settings: TrainingSettings) -> nn.Module:
        """Return the encoder with a head that guesses word pieces."""
        from kgbuild.training.encoder import open_base
        from kgbuild.training.guessing_model import Guesser

        return Guesser(open_base(settings))

    def batches(self, epoch: int, random: random.Random) -> Sequence[list[list[int]]]:
        """Return the windows, shuffled, packed by length."""
        return list(self._packed(random.sample(self._windows, len(self._windows))))

    def _packed(self, windows: Sequence[list[int]]) -> Iterator[list[list[int]]]:
        count = max(self._settings.training.batch_tokens // (self._settings.window + 2), 1)
        for first in range(0, len(windows), count):
            yield list(windows[first : first + count])

    def loss(self, model: nn.Module, batch: list[list[int]], device: torch.device) -> Tensor:
        """Return the cross entropy of the hidden pieces."""
        import torch

        longest = max(map(len, batch)) + 2
        rows = [[self._start, *w, self._stop] + [self._pad] * (longest - 2 - len(w)) for w in batch]
        ids = torch.tensor(rows)
        inside = torch.zeros_like(ids, dtype=torch.bool)
        for row, window in enumerate(batch):
            inside[row, 1 : len(window) + 1] = True
        chosen = inside & (torch.rand(ids.shape) < self._settings.hide)
        chosen[:, 1] |= ~chosen.any(dim=1)
        draw = torch.rand(ids.shape)
        shown = ids.clone()
        shown[chosen & (draw < 0.8)] = self._mask
        other = chosen & (draw >= 0.8) & (draw < 0.9)
        shown[other] = torch.randint(self._size, (int(other.sum()),))
        mask = (ids != self._pad).long()
        logits = model(shown.to(device), mask.to(device), chosen.to(device))
        return torch.nn.functional.cross_entropy(logits.float(), ids[chosen].to(device))

    def evaluate(self, model: nn.Module, device: torch.device) -> Mapping[str, float]:
        """Return minus the loss on the held-out windows, the same pieces hidden every time."""
        import torch

        state = torch.get_rng_state()
        torch.manual_seed(0)
        losses = [float(self.loss(model, batch, device)) for batch in self._packed(self._held)]
        torch.set_rng_state(state)
        return {"score": -sum(losses) / len(losses)}
