from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
import torch
from tiny_base import make_base
from torch import Tensor, nn

from kgbuild.errors import ConfigError
from kgbuild.training.encoder import encoder_layers, open_base, parameter_groups, trained_share
from kgbuild.training.loop import Progress, train
from kgbuild.training.settings import LoraSettings, TrainingSettings


class Model(nn.Module):
    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(32, 2)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.encoder(input_ids=ids).last_hidden_state.mean(1))


class HasToken:
    """Tells whether token 40 occurs."""

    def __init__(self, *, stop_after: int | None = None, name: str = "has token") -> None:
        self.identity = name
        self._left = stop_after

    def build(self, settings: TrainingSettings) -> nn.Module:
        return Model(open_base(settings))

    def batches(self, epoch: int, random: random.Random) -> Sequence[Tensor]:
        rows = [[random.randrange(10, 70) for _ in range(6)] for _ in range(160)]
        for row in rows[::2]:
            row[random.randrange(6)] = 40
        return list(torch.tensor(rows).split(16))

    def loss(self, model: nn.Module, batch: Tensor, device: torch.device) -> Tensor:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise KeyboardInterrupt
        noise = torch.rand(()) * 0.01  # draws random numbers, as dropout does
        logits = model(batch) + noise
        return nn.functional.cross_entropy(logits, (batch == 40).any(1).long())

    def evaluate(self, model: nn.Module, device: torch.device) -> Mapping[str, float]:
        batch = torch.cat(list(self.batches(99, random.Random(99))))
        right = (model(batch).argmax(1) == (batch == 40).any(1).long()).float().mean()
        return {"score": float(right)}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def settings(base: Path, **more: object) -> TrainingSettings:
    options: dict[str, object] = {
        "base": str(base), "epochs": 6, "learning_rate": 3e-3, "head_learning_rate": 3e-3,
        "freeze_words": False, "average": 0.9, "precision": "fp32", "checkpoint_seconds": 1e-6,
    }  # fmt: skip
    return TrainingSettings.model_validate(options | more)


def test_training_learns_and_tells_how_it_goes(base: Path, tmp_path: Path) -> None:
    told: list[Progress] = []
    result = train(HasToken(), settings(base), tmp_path, progress=told.append)
    assert result.best["score"] > 0.9
    assert len(result.history) == 6
    assert result.history[-1]["loss"] < result.history[0]["loss"]
    assert [p.measures["score"] for p in told if p.measures] == [
        row["score"] for row in result.history
    ]
    assert any(p.seconds_left > 0 for p in told)


@pytest.mark.parametrize("stop_after", [3, 10, 27])
def test_a_killed_training_goes_on_to_the_same_weights(
    base: Path, tmp_path: Path, stop_after: int
) -> None:
    whole = train(HasToken(), settings(base), tmp_path / "whole").model
    with pytest.raises(KeyboardInterrupt):
        train(HasToken(stop_after=stop_after), settings(base), tmp_path / "cut")
    resumed = train(HasToken(), settings(base), tmp_path / "cut").model
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


def test_a_finished_training_is_not_done_again(base: Path, tmp_path: Path) -> None:
    first = train(HasToken(), settings(base), tmp_path)
    again = train(HasToken(stop_after=0), settings(base), tmp_path)
    assert again.best == first.best


def test_a_folder_of_another_training_is_refused(base: Path, tmp_path: Path) -> None:
    train(HasToken(), settings(base, epochs=1), tmp_path)
    with pytest.raises(ConfigError, match=r"differs in: training.seed\. Name another folder"):
        train(HasToken(), settings(base, epochs=1, seed=1), tmp_path)
    with pytest.raises(ConfigError, match="differs in: what is learned, or from which data"):
        train(HasToken(name="another"), settings(base, epochs=1), tmp_path)
    other = make_base(tmp_path / "other", seed=7)
    with pytest.raises(ConfigError, match="differs in: the weights that it begins with"):
        train(HasToken(), settings(other, epochs=1), tmp_path)


def test_what_does_not_change_the_result_may_change(
    base: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(HasToken(stop_after=3), settings(base, epochs=1), tmp_path)
    moved = make_base(tmp_path / "moved")
    own = settings(moved, epochs=1, checkpoint_seconds=60, device="cpu")
    train(HasToken(stop_after=7), own, tmp_path)
    assert "finished before" not in caplog.text
    train(HasToken(stop_after=0), own, tmp_path)
    assert "finished before: nothing is trained anew" in caplog.text


def test_a_damaged_checkpoint_is_named(base: Path, tmp_path: Path) -> None:
    train(HasToken(), settings(base, epochs=1), tmp_path)
    held = tmp_path / "checkpoint.pt"
    for content in (b"", b"no checkpoint at all", held.read_bytes()[:1000]):
        held.write_bytes(content)
        with pytest.raises(ConfigError, match=r"checkpoint.pt can't be read .* to train anew"):
            train(HasToken(), settings(base, epochs=1), tmp_path)


def test_an_epoch_that_is_not_planned_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"epoch 3 is asked for .* have 2"):
        train(HasToken(), settings(base, epochs=2), tmp_path, stop_after=3)


def test_training_stops_when_nothing_gets_better(base: Path, tmp_path: Path) -> None:
    frozen = settings(base, epochs=20, learning_rate=1e-12, head_learning_rate=1e-12, patience=2)
    assert len(train(HasToken(), frozen, tmp_path).history) == 3


def test_lora_trains_few_weights_and_is_folded_in(base: Path, tmp_path: Path) -> None:
    own = settings(base, lora=LoraSettings(rank=4, alpha=8), epochs=2)
    result = train(HasToken(), own, tmp_path)
    assert 0 < result.trained_share < 0.2
    names = set(result.model.encoder.state_dict())  # type: ignore[operator,union-attr]
    assert names == set(open_base(settings(base)).state_dict())
    batch = HasToken().batches(99, random.Random(99))[0]
    with torch.no_grad():
        assert result.model(batch).shape == (16, 2)


def test_lower_layers_are_frozen_and_learn_more_slowly(base: Path) -> None:
    own = settings(base, freeze_layers=1, layer_decay=0.5)
    model = Model(open_base(own))
    frozen = encoder_layers(model.encoder)[0]
    assert not any(p.requires_grad for p in frozen.parameters())
    rates = {group["lr"] for group in parameter_groups(model, model.encoder, own)}
    assert rates == {3e-3}
    assert trained_share(model) < 1
    every = settings(base, layer_decay=0.5, head_learning_rate=1e-2)
    model = Model(open_base(every))
    rates = {group["lr"] for group in parameter_groups(model, model.encoder, every)}
    assert rates == {1e-2, 3e-3, 1.5e-3, 0.75e-3}


def test_top_layers_start_afresh(base: Path) -> None:
    kept, fresh = open_base(settings(base)), open_base(settings(base, reinitialize_layers=1))

    def weights(encoder: nn.Module) -> list[Tensor]:
        return [next(layer.parameters()) for layer in encoder_layers(encoder)]

    assert torch.equal(weights(kept)[0], weights(fresh)[0])
    assert not torch.equal(weights(kept)[1], weights(fresh)[1])


def test_asking_for_more_layers_than_there_are_says_how_many_there_are(base: Path) -> None:
    with pytest.raises(ConfigError, match="has only 2"):
        open_base(settings(base, layers=3))
