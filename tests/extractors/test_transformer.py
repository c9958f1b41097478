from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from tiny_checkpoint import FILLER, build_checkpoint, export

from kgbuild.errors import ConfigError
from kgbuild.extractors.transformer import TransformerRecognizer
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Document, Mention, Sentence
from kgbuild.text import split_sentences

TEXT = "The patient received aspirin and folic acid (after renal failure). In this study, asthma."
EXPECTED = [
    ("aspirin", "ChemicalEntity"), ("folic acid", "ChemicalEntity"),
    ("renal failure", "Disease"), ("asthma", "Disease"),
]  # fmt: skip


@pytest.fixture(scope="session")
def bio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_checkpoint(tmp_path_factory.mktemp("bio"), "BIO", onnx=True)


@pytest.fixture(scope="session")
def onnx_model(bio: Path) -> TransformerRecognizer:
    return TransformerRecognizer(bio, backend="onnx", window=32, stride=12)


@pytest.fixture
def copy(bio: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bio, tmp_path / "model"))


def annotated(text: str, *, split: bool = False, name: str = "PMID:1") -> AnnotatedDocument:
    sentences = split_sentences(text) if split else ()
    return AnnotatedDocument(Document(name, text), sentences=sentences)


def found(mentions: tuple[Mention, ...]) -> list[tuple[str, str]]:
    return [(m.text, m.category) for m in mentions]


def check_contract(document: AnnotatedDocument, mentions: tuple[Mention, ...]) -> None:
    for m in mentions:
        assert document.document.text[m.start : m.end] == m.text
        assert 0 <= m.score <= 1
    assert all(a.end <= b.start for a, b in itertools.pairwise(mentions))


def edit(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))


@pytest.mark.parametrize("scheme", ["IO", "BIOES", "BILOU"])
def test_schemes(scheme: str, tmp_path: Path) -> None:
    folder = build_checkpoint(tmp_path, scheme)
    document = annotated(TEXT, split=True)
    mentions = TransformerRecognizer(folder, backend="torch").recognize([document])[0]
    assert found(mentions) == EXPECTED
    check_contract(document, mentions)


def test_backends_agree(bio: Path) -> None:
    documents = [annotated(TEXT), annotated(""), annotated(TEXT * 9), annotated("asthma hepatitis")]
    by_torch = TransformerRecognizer(bio, backend="torch")
    by_onnx = TransformerRecognizer(bio, backend="onnx")
    for one, other in zip(by_torch.recognize(documents), by_onnx.recognize(documents), strict=True):
        assert [(m.start, m.end, m.category) for m in one] == [
            (m.start, m.end, m.category) for m in other
        ]
        assert [m.score for m in one] == pytest.approx([m.score for m in other], abs=1e-4)
    assert found(by_torch.recognize(documents)[0]) == EXPECTED
    assert by_torch.recognize(documents)[1] == ()
    assert by_torch.name != by_onnx.name
    assert by_onnx.name == TransformerRecognizer(bio, backend="onnx", window=20).name


@pytest.mark.parametrize("position", range(14, 50))
def test_entity_around_a_window_border_comes_out_once(
    onnx_model: TransformerRecognizer, position: int
) -> None:
    words = [FILLER[i % 20] for i in range(75)]
    words[position : position + 3] = ["type", "2", "diabetes"]
    document = annotated(" ".join(words))
    mentions = onnx_model.recognize([document])[0]
    assert found(mentions) == [("type 2 diabetes", "Disease")]
    check_contract(document, mentions)


def test_long_text_is_never_truncated(onnx_model: TransformerRecognizer) -> None:
    text = "on aspirin the patient developed renal failure and hepatitis in this study . " * 1300
    assert len(text) > 100_000
    document = annotated(text)
    mentions = onnx_model.recognize([document])[0]
    check_contract(document, mentions)
    assert found(mentions) == [
        ("aspirin", "ChemicalEntity"), ("renal failure", "Disease"), ("hepatitis", "Disease"),
    ] * 1300  # fmt: skip


@pytest.mark.parametrize("max_sentences", [1, 2, None])
def test_sentences_bound_windows(bio: Path, max_sentences: int | None) -> None:
    recognizer = TransformerRecognizer(
        bio, backend="onnx", window=32, stride=8, max_sentences=max_sentences
    )
    document = annotated(" ".join(["We found asthma after aspirin."] * 30), split=True)
    assert len(document.sentences) == 30
    mentions = recognizer.recognize([document])[0]
    assert found(mentions) == [("asthma", "Disease"), ("aspirin", "ChemicalEntity")] * 30


def test_batches_change_nothing(bio: Path) -> None:
    documents = [annotated(TEXT * n, name=f"PMID:{n}") for n in (3, 1, 0, 7, 2)]
    small = TransformerRecognizer(bio, backend="onnx", batch_tokens=1)
    large = TransformerRecognizer(bio, backend="onnx", batch_tokens=100_000)
    assert [found(m) for m in small.recognize(documents)] == [
        found(m) for m in large.recognize(documents)
    ]
    assert small.recognize([]) == []


def test_strange_text(onnx_model: TransformerRecognizer) -> None:
    text = (
        "\ud800 aspirin\x00 \u200b\U0001f600 asthma\n\n\t folic\u00a0acid \u5929\u5929 "
        "hepatitis\udfff"
    )
    document = annotated(text)
    mentions = onnx_model.recognize([document])[0]
    check_contract(document, mentions)
    assert {"asthma", "folic\u00a0acid"} <= {m.text for m in mentions}


def test_mentions_keep_to_words(bio: Path) -> None:
    document = annotated("the hepatitis and ibuprofen")
    for aggregation in ("first", "average", "max"):
        mentions = TransformerRecognizer(bio, backend="onnx", aggregation=aggregation).recognize(
            [document]
        )[0]
        assert found(mentions) == [("hepatitis", "Disease"), ("ibuprofen", "ChemicalEntity")]
    pieces = TransformerRecognizer(bio, backend="onnx", aggregation="none")
    check_contract(document, pieces.recognize([document])[0])


def test_threshold_and_left_out_types(bio: Path) -> None:
    document = annotated(TEXT)
    strict = TransformerRecognizer(bio, backend="onnx", threshold=1.0)
    assert len(strict.recognize([document])[0]) < len(EXPECTED)
    only = TransformerRecognizer(bio, backend="onnx", labels={"Chemical": None, "Disease": "Cell"})
    assert found(only.recognize([document])[0]) == [("renal failure", "Cell"), ("asthma", "Cell")]


def test_whole_labels_can_be_renamed(copy: Path) -> None:
    original = json.loads((copy / "config.json").read_text())["id2label"]
    edit(copy, id2label={i: f"LABEL_{i}" for i in original})
    with pytest.raises(ConfigError, match=r"LABEL_0.*labels="):
        TransformerRecognizer(copy, backend="onnx")
    labels = {f"LABEL_{i}": label for i, label in original.items()}
    recognizer = TransformerRecognizer(copy, backend="onnx", labels=labels)
    assert [m.text for m in recognizer.recognize([annotated(TEXT)])[0]] == [e[0] for e in EXPECTED]


def test_unmapped_types_are_listed(copy: Path) -> None:
    original = json.loads((copy / "config.json").read_text())["id2label"]
    edit(copy, id2label={i: v.replace("Disease", "Zork") for i, v in original.items()})
    with pytest.raises(ConfigError, match="'Zork'"):
        TransformerRecognizer(copy, backend="onnx")
    with pytest.raises(ConfigError, match="no category of the schema"):
        TransformerRecognizer(
            copy, backend="onnx", labels={"Zork": "Zork"}, schema=Schema.load("biomedical")
        )
    with pytest.raises(ConfigError, match="doesn't have"):
        TransformerRecognizer(copy, backend="onnx", labels={"Zrok": "Disease"})
    accepted = TransformerRecognizer(copy, backend="onnx", labels={"Zork": "Zork"})
    assert ("asthma", "Zork") in found(accepted.recognize([annotated(TEXT)])[0])


@pytest.mark.parametrize(
    ("gone", "message"),
    [("config.json", "no config.json"), ("tokenizer.json", "no tokenizer.json"),
     ("model.onnx", "no exported model")],
)  # fmt: skip
def test_missing_files(copy: Path, gone: str, message: str) -> None:
    (copy / gone).unlink()
    with pytest.raises(ConfigError, match=message):
        TransformerRecognizer(copy, backend="onnx")


def test_broken_files(copy: Path) -> None:
    (copy / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(ConfigError, match="ONNX Runtime"):
        TransformerRecognizer(copy, backend="onnx")
    (copy / "model.safetensors").write_bytes(b"\x00" * 64)
    with pytest.raises(ConfigError, match="can't be loaded"):
        TransformerRecognizer(copy, backend="torch")
    (copy / "tokenizer.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"tokenizer\.json"):
        TransformerRecognizer(copy, backend="onnx")
    (copy / "config.json").write_text("[1")
    with pytest.raises(ConfigError, match="JSON"):
        TransformerRecognizer(copy, backend="onnx")


def test_no_labels(copy: Path) -> None:
    edit(copy, id2label=None)
    with pytest.raises(ConfigError, match="no id2label"):
        TransformerRecognizer(copy, backend="onnx")


def test_label_count_is_checked(copy: Path) -> None:
    edit(copy, id2label={0: "O", 1: "B-Disease", 2: "I-Disease"})
    with pytest.raises(ConfigError, match=r"\(1, 2, 3\)"):
        TransformerRecognizer(copy, backend="onnx")


def test_unknown_onnx_inputs(copy: Path) -> None:
    from transformers import AutoModelForTokenClassification

    model = AutoModelForTokenClassification.from_pretrained(copy, attn_implementation="eager")
    export(model, copy / "model.onnx", names=("tokens", "attention_mask"))
    with pytest.raises(ConfigError, match="takes the inputs tokens"):
        TransformerRecognizer(copy, backend="onnx")


def test_pickles_are_refused(copy: Path) -> None:
    import torch
    from safetensors.torch import load_file

    state = load_file(copy / "model.safetensors")
    torch.save(state, copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    with pytest.raises(ConfigError, match=r"is a pickle.*allow_pickle=True"):
        TransformerRecognizer(copy, backend="torch")
    accepted = TransformerRecognizer(copy, backend="torch", allow_pickle=True)
    assert found(accepted.recognize([annotated(TEXT)])[0]) == EXPECTED


def test_a_model_without_head_is_refused(copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    state = load_file(copy / "model.safetensors")
    bare = {k: v for k, v in state.items() if not k.startswith("classifier")}
    save_file(bare, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ConfigError, match=r"classifier\.bias"):
        TransformerRecognizer(copy, backend="torch")


def test_absent_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no model folder"):
        TransformerRecognizer(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="no model folder"):
        TransformerRecognizer("./nowhere")
    with pytest.raises(ConfigError, match="download it elsewhere and give the folder"):
        TransformerRecognizer("someone/some-model-that-is-not-there", offline=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"window": 67}, "more than the 66"), ({"window": 3}, "leaves no room"),
     ({"window": 20, "stride": 18}, "stride=18"), ({"aggregation": "sum"}, "unknown aggregation"),
     ({"backend": "tpu"}, "unknown backend"), ({"onnx_file": "x.onnx"}, r"expected x\.onnx")],
)  # fmt: skip
def test_bad_options(bio: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TransformerRecognizer(bio, **options)  # type: ignore[arg-type]


def test_onnx_needs_neither_torch_nor_transformers(bio: Path) -> None:
    script = f"""
import sys
sys.modules["torch"] = sys.modules["transformers"] = None
from kgbuild.extractors.transformer import TransformerRecognizer
from kgbuild.records import AnnotatedDocument, Document
recognizer = TransformerRecognizer({str(bio)!r})
print([m.text for m in recognizer.recognize([AnnotatedDocument(Document("PMID:1", {TEXT!r}))])[0]])
"""
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == str([text for text, _ in EXPECTED])


def test_given_sentences_that_no_token_lies_in(onnx_model: TransformerRecognizer) -> None:
    document = AnnotatedDocument(
        Document("PMID:1", TEXT), sentences=(Sentence(0, 5), Sentence(5, 5))
    )
    assert found(onnx_model.recognize([document])[0]) == EXPECTED


def test_slow_tokenizers_are_converted(copy: Path) -> None:
    tokenizer = json.loads((copy / "tokenizer.json").read_text())
    vocab = sorted(tokenizer["model"]["vocab"].items(), key=lambda item: item[1])
    (copy / "vocab.txt").write_text("\n".join(token for token, _ in vocab))
    (copy / "tokenizer.json").unlink()
    recognizer = TransformerRecognizer(copy, backend="onnx")
    assert found(recognizer.recognize([annotated(TEXT)])[0]) == EXPECTED


def test_padding_does_not_leak(bio: Path) -> None:
    from kgbuild.extractors.backends import OnnxClassifier, TorchClassifier, pad

    rows = [[2, 5, 6, 7, 3], [2, 9, 3]]
    for model in (TorchClassifier(bio, device="cpu"), OnnxClassifier(bio / "model.onnx", labels=5)):
        together = model.logits(rows)
        assert together.shape == (2, 5, 5)
        np.testing.assert_allclose(together[1, :3], model.logits(rows[1:])[0], atol=1e-4)
    assert pad([])[0].shape == (0, 0)
