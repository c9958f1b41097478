from __future__ import annotations

import json
from pathlib import Path

import pytest
from annotated import write_pubtator
from pydantic import ValidationError
from tiny_base import make_base as write_tiny
from tokenizers import Tokenizer

from kgbuild.errors import ConfigError, InputError
from kgbuild.training.base import BaseSettings, PretrainSettings, make_base, pretrain
from kgbuild.training.encoder import open_base
from kgbuild.training.settings import TrainingSettings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    write_tiny(folder / "tiny")
    write_pubtator(folder / "docs.txt", count=60)
    return folder


def test_pieces_that_texts_use_are_kept_with_their_weights(folder: Path) -> None:
    own = BaseSettings(base="tiny", size=160, texts=["docs.txt"])
    assert make_base(own, folder / "small", beside=folder) <= 160
    old, new = (
        Tokenizer.from_file(str(folder / name / "tokenizer.json")) for name in ("tiny", "small")
    )
    text = "Aspirin treats hela fever (IL2)."
    assert "aspirin" in new.encode(text).tokens
    assert "hela" in old.encode(text).tokens
    assert "[UNK]" not in new.encode(text).tokens  # what is left out is spelled
    assert (
        "".join(new.encode(text).tokens[1:-1]).replace("##", "") == "aspirintreatshelafever(il2)."
    )
    weights = {
        name: open_base(TrainingSettings(base=str(folder / name))).get_input_embeddings().weight  # type: ignore[operator]
        for name in ("tiny", "small")
    }
    for piece in ("aspirin", "[MASK]", "##s", "a"):
        one = weights["tiny"][old.token_to_id(piece)]
        assert one.equal(weights["small"][new.token_to_id(piece)]), piece


def test_a_list_of_pieces_gives_the_same_base_again(folder: Path) -> None:
    make_base(
        BaseSettings(base="tiny", size=160, texts=["docs.txt"]), folder / "one", beside=folder
    )
    make_base(BaseSettings(base="tiny", pieces="one/tokenizer.json"), folder / "two", beside=folder)
    for name in ("model.safetensors", "tokenizer.json"):
        assert (folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes()


def test_what_a_base_cannot_be_made_of_is_said(folder: Path) -> None:
    with pytest.raises(ValidationError, match="either pieces or size"):
        BaseSettings(base="tiny")
    with pytest.raises(ValidationError, match="size needs texts or vocabularies"):
        BaseSettings(base="tiny", size=200)
    with pytest.raises(ConfigError, match="lacks room for the"):
        make_base(
            BaseSettings(base="tiny", size=100, texts=["docs.txt"]), folder / "x", beside=folder
        )
    with pytest.raises(ConfigError, match=r"is no tokenizer.json"):
        make_base(BaseSettings(base="tiny", pieces="docs.txt"), folder / "x", beside=folder)
    odd = json.loads((folder / "tiny/tokenizer.json").read_text("utf-8"))
    odd["model"]["vocab"]["unheard-of"] = 9999
    (folder / "odd.json").write_text(json.dumps(odd), "utf-8")
    with pytest.raises(ConfigError, match="lacks 1 of the pieces to keep"):
        make_base(BaseSettings(base="tiny", pieces="odd.json"), folder / "x", beside=folder)


def test_pretraining_guesses_better_and_gives_a_base(folder: Path) -> None:
    own = PretrainSettings(
        texts=["docs.txt"], window=30,
        training=TrainingSettings(
            base="tiny", epochs=8, learning_rate=5e-3, freeze_words=False, batch_tokens=256,
            precision="fp32",
        ),
    )  # fmt: skip
    best = pretrain(own, folder / "run", beside=folder)
    history = json.loads((folder / "run/history.json").read_text("utf-8"))
    assert best["score"] > history[0]["score"] + 0.3
    again = open_base(TrainingSettings(base=str(folder / "run/model")))
    assert sum(p.numel() for p in again.parameters()) > 1000
    assert Tokenizer.from_file(str(folder / "run/model/tokenizer.json")).encode("aspirin").ids


def test_too_little_text_is_said(folder: Path) -> None:
    (folder / "short.txt").write_text("Fever.", "utf-8")
    own = PretrainSettings(texts=["short.txt"], training=TrainingSettings(base="tiny"))
    with pytest.raises(InputError, match="not enough text"):
        pretrain(own, folder / "never", beside=folder)
