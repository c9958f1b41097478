"""The training loop: one for every model, resumable at any point.

A checkpoint holds everything that the next step depends on: weights, their running average,
optimizer, the random numbers' state and the place in the epoch. It is written beside its place and
renamed when whole, so a training that is killed goes on from the last one, and gives the same
weights as one that was not (on the same machine and number of threads; elsewhere sums are added up
in another order, and weights differ in their last digits).
"""

from __future__ import annotations

import json
import logging
import pickle
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from kgbuild.errors import ConfigError
from kgbuild.records import content_hash
from kgbuild.training.averaging import Average
from kgbuild.training.dropout import fast_dropout
from kgbuild.training.encoder import merge_lora, parameter_groups, trained_share
from kgbuild.training.hardware import autocast, choose_precision, training_device

if TYPE_CHECKING:
    import torch
    from torch import nn

    from kgbuild.training.settings import TrainingSettings

__all__ = ["Progress", "Task", "TrainingResult", "train"]

_log = logging.getLogger(__name__)
_CHECKPOINT = "checkpoint.pt"

Item = TypeVar("Item")


class Task(Protocol[Item]):
    """What a training trains: a model, its batches, its loss and its measure."""

    @property
    def identity(self) -> str:
        """Hash of what is learned and of the data: a checkpoint of another one is refused.

        The training's settings and the weights that it begins with are the loop's own concern.
        """
        ...

    def build(self, settings: TrainingSettings) -> nn.Module:
        """Return a new model; its attribute ``encoder`` is the base (see ``open_base``)."""
        ...

    def batches(self, epoch: int, random: random.Random) -> Sequence[Item]:
        """Return the batches of an epoch, shuffled by ``random`` alone."""
        ...

    def loss(self, model: nn.Module, batch: Item, device: torch.device) -> torch.Tensor:
        """Return the batch's loss, a scalar."""
        ...

    def evaluate(self, model: nn.Module, device: torch.device) -> Mapping[str, float]:
        """Return measures on the development data; ``score`` (higher is better) decides.

        Without a ``score``, the last epoch's weights are the result.
        """
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands; ``seconds_left`` is an estimate to the last epoch."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    seconds_left: float
    measures: Mapping[str, float] | None = None


@dataclass(frozen=True)
class TrainingResult:
    """The best epoch's model, the last one's where nothing measures; and what each measured."""

    model: nn.Module
    best: Mapping[str, float]
    history: Sequence[Mapping[str, float]]
    trained_share: float


@dataclass
class _State:
    """What a checkpoint holds beside tensors."""

    epoch: int = 0
    step: int = 0
    best_score: float = float("-inf")
    bad_epochs: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


def train(
    task: Task[Item],
    settings: TrainingSettings,
    folder: Path,
    *,
    stop_after: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> TrainingResult:
    """Train until the last epoch or until ``patience`` is at its end; resume what was begun.

    Args:
        task: what is trained.
        settings: how.
        folder: keeps checkpoints, the best weights and ``history.json``.
        stop_after: stop after this many of the settings' epochs; the rates stay as they would be.
        progress: called about once a second, and after each epoch with its measures.

    Raises:
        ConfigError: the folder holds a training of something else, or no such epoch is planned.
    """
    import torch

    if stop_after is not None and stop_after > settings.epochs:
        raise ConfigError(
            f"epoch {stop_after} is asked for (--final), but the settings have {settings.epochs}: "
            "raise training.epochs, or name an earlier one"
        )
    torch.manual_seed(settings.seed)
    random.seed(settings.seed)
    run = _Run(task, settings, folder, progress or (lambda _: None))
    run.resume()
    if run.finished(stop_after or settings.epochs):
        _log.warning("the training in %s was finished before: nothing is trained anew", folder)
    while not run.finished(stop_after or settings.epochs):
        run.epoch()
    return run.result()


class _Run(Generic[Item]):
    def __init__(
        self,
        task: Task[Item],
        settings: TrainingSettings,
        folder: Path,
        progress: Callable[[Progress], None],
    ) -> None:
        import torch

        folder.mkdir(parents=True, exist_ok=True)
        self._task, self._settings, self._folder = task, settings, folder
        self._progress = progress
        self._device = training_device(settings.device)
        self._precision = choose_precision(settings.precision, self._device)
        self._model = task.build(settings).to(self._device)
        self._share = trained_share(self._model)
        encoder = self._model.encoder
        assert isinstance(encoder, torch.nn.Module)
        groups = parameter_groups(self._model, encoder, settings)
        self._optimizer = torch.optim.AdamW(groups, fused=True)
        self._rates = [group["lr"] for group in groups]
        self._scaler = torch.amp.GradScaler(
            self._device.type, enabled=self._precision == torch.float16
        )
        self._average = Average(self._model, settings.average)
        self._state = _State()
        options = settings.model_dump(exclude={"base", "checkpoint_seconds", "device"})
        self._identity = {
            "what is learned, or from which data": task.identity,
            "the weights that it begins with": _weights_hash(self._model),
            **{f"training.{name}": json.dumps(value) for name, value in options.items()},
        }
        self._saved = time.monotonic()

    def finished(self, epochs: int) -> bool:
        patience = self._settings.patience
        spent = patience is not None and self._state.bad_epochs >= patience
        return spent or self._state.epoch >= min(epochs, self._settings.epochs)

    def epoch(self) -> None:
        """Train one epoch, or what is left of it, and measure."""
        state = self._state
        rng = random.Random(content_hash(self._settings.seed, state.epoch))  # noqa: S311
        batches = self._task.batches(state.epoch, rng)
        self._model.train()
        started, first = time.monotonic(), state.step
        losses: list[float] = []
        told = started
        for index in range(first, len(batches)):
            losses.append(self._step(batches[index], len(batches)))
            state.step = index + 1
            now = time.monotonic()
            if now - told > 1 or state.step == len(batches):
                told = now
                self._tell(losses, (now - started) / (state.step - first), len(batches))
            if now - self._saved > self._settings.checkpoint_seconds:
                self._save()
        self._measure(losses, time.monotonic() - started)
        state.epoch, state.step = state.epoch + 1, 0
        self._save()

    def _step(self, batch: Item, steps: int) -> float:
        import torch

        done = self._state.epoch * steps + self._state.step
        factor = _rate(done / (self._settings.epochs * steps), self._settings.warmup)
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        with autocast(self._device, self._precision), fast_dropout(self._device):
            loss = self._task.loss(self._model, batch, self._device)
        scaled: torch.Tensor = self._scaler.scale(loss)
        torch.autograd.backward(scaled)
        self._scaler.unscale_(self._optimizer)
        torch.nn.utils.clip_grad_norm_(
            [p for p in self._model.parameters() if p.grad is not None], self._settings.clip
        )
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._optimizer.zero_grad(set_to_none=True)
        self._average.update(self._model)
        return float(loss.detach())

    def _tell(self, losses: list[float], pace: float, steps: int) -> None:
        state, epochs = self._state, self._settings.epochs
        left = (epochs - state.epoch) * steps - state.step
        recent = losses[-50:]
        self._progress(
            Progress(
                state.epoch + 1, epochs, state.step, steps,
                sum(recent) / len(recent), left * pace,
            )
        )  # fmt: skip

    def _measure(self, losses: Sequence[float], seconds: float) -> None:
        import torch

        state = self._state
        self._model.eval()
        with (
            self._average.in_place(self._model),
            torch.no_grad(),
            autocast(self._device, self._precision),
        ):
            measures = dict(self._task.evaluate(self._model, self._device))
            score = measures.get("score")
            if score is None or score > state.best_score:
                state.best_score, state.bad_epochs = score or 0.0, 0
                _write(self._model.state_dict(), self._folder / "best.pt")
            else:
                state.bad_epochs += 1
        loss = sum(losses) / max(len(losses), 1)
        row = {"epoch": float(state.epoch + 1), "loss": loss, "seconds": seconds, **measures}
        state.history.append(row)
        text = json.dumps(state.history, indent=1)
        (self._folder / "history.json").write_text(text, encoding="utf-8")
        self._progress(Progress(state.epoch + 1, self._settings.epochs, 0, 0, loss, 0.0, measures))

    def _save(self) -> None:
        import torch

        _write(
            {
                "identity": self._identity,
                "state": asdict(self._state),
                "model": self._model.state_dict(),
                "average": self._average.state(),
                "optimizer": self._optimizer.state_dict(),
                "scaler": self._scaler.state_dict(),
                "random": torch.get_rng_state(),
                "cuda": torch.cuda.get_rng_state_all() if self._device.type == "cuda" else [],
            },
            self._folder / _CHECKPOINT,
        )
        self._saved = time.monotonic()

    def resume(self) -> None:
        import torch

        path = self._folder / _CHECKPOINT
        if not path.is_file():
            return
        held = self._load(_CHECKPOINT)
        own, other = self._identity, held["identity"]
        if own != other:
            known = other if isinstance(other, dict) else {}
            names = [name for name in own if own[name] != known.get(name)]
            settings = [name for name in names if name.startswith("training.")]
            raise ConfigError(
                f"{self._folder} holds another training, which differs in: "
                f"{', '.join(settings or names)}. "
                "Name another folder, or remove this one"
            )
        self._state = _State(**held["state"])
        self._model.load_state_dict(held["model"])
        self._average.restore(held["average"])
        self._optimizer.load_state_dict(held["optimizer"])
        self._scaler.load_state_dict(held["scaler"])
        torch.set_rng_state(held["random"].cpu())
        if held["cuda"]:
            torch.cuda.set_rng_state_all([state.cpu() for state in held["cuda"]])
        _log.info("resumed %s at epoch %d", self._folder, self._state.epoch + 1)

    def _load(self, name: str) -> dict[str, Any]:
        import torch

        path = self._folder / name
        try:
            held: dict[str, Any] = torch.load(path, map_location=self._device, weights_only=True)
        except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
            raise ConfigError(
                f"{path} can't be read ({type(error).__name__}): it is damaged, or no checkpoint; "
                f"remove {self._folder} to train anew"
            ) from error
        return held

    def result(self) -> TrainingResult:
        best = self._load("best.pt")
        model = self._model.to("cpu")
        model.load_state_dict(best)
        merge_lora(model)
        model.eval()
        history = self._state.history
        measured = [row for row in history if "score" in row]
        chosen = max(measured, key=lambda row: row["score"]) if measured else history[-1]
        return TrainingResult(model, chosen, history, self._share)


def _weights_hash(model: nn.Module) -> str:
    import torch

    found = blake2b(digest_size=12)
    for name, weight in model.named_parameters():
        found.update(name.encode())
        found.update(weight.detach().cpu().reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def _rate(done: float, warmup: float) -> float:
    """Return the factor of the learning rate: linear up, then linear down to 0."""
    if done < warmup:
        return done / warmup + 1e-3
    return max((1 - done) / (1 - warmup), 0.0) if warmup < 1 else 1.0


def _write(data: Mapping[str, Any], path: Path) -> None:
    import torch

    beside = path.with_suffix(".part")
    torch.save(dict(data), beside)
    beside.replace(path)
