"""Makes token-classification checkpoints of a few kilobytes that really find entities."""

from __future__ import annotations

import random
import warnings
from pathlib import Path
from typing import Any

_WORDS = (
    "the patient had received daily doses of and after some weeks developed severe signs while "
    "others on placebo recovered without any sign in this study we found that a was not seen . , "
    "; - ( )"
)
FILLER = tuple(_WORDS.split())
DISEASES = ("hepatitis", "asthma", "renal failure", "type 2 diabetes")
CHEMICALS = ("aspirin", "ibuprofen", "folic acid")
PIECES = ["hepa", "##titis", "asthma", "renal", "failure", "type", "2", "diabetes", "aspirin",
          "ibu", "##prof", "##en", "folic", "acid"]  # fmt: skip
POSITIONS = 66


def labelled_sentence(rng: random.Random, scheme: str) -> list[tuple[str, str]]:
    """Return words with their labels: fillers, and entities at random places, also adjacent."""
    words: list[tuple[str, str]] = []
    for _ in range(rng.randint(3, 12)):
        if rng.random() < 0.6:
            words.append((rng.choice(FILLER), "O"))
            continue
        kind, names = rng.choice((("Disease", DISEASES), ("Chemical", CHEMICALS)))
        parts = rng.choice(names).split()
        for i, part in enumerate(parts):
            words.append((part, label_of(i, len(parts), kind, scheme)))
    return words


def label_of(i: int, n: int, kind: str, scheme: str) -> str:
    if scheme == "IO":
        return kind
    if scheme == "BIO":
        return f"{'B' if i == 0 else 'I'}-{kind}"
    single, begin, inside, end = scheme_letters(scheme)
    letter = single if n == 1 else begin if i == 0 else end if i == n - 1 else inside
    return f"{letter}-{kind}"


def scheme_letters(scheme: str) -> tuple[str, str, str, str]:
    return {"BIOES": ("S", "B", "I", "E"), "BILOU": ("U", "B", "I", "L")}[scheme]


def build_tokenizer() -> Any:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *PIECES, *FILLER]
    ids = {token: i for i, token in enumerate(dict.fromkeys(vocab))}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    return tokenizer


def build_checkpoint(folder: Path, scheme: str, *, onnx: bool = False, steps: int = 150) -> Path:
    """Train a tiny BERT to label entities by ``scheme`` and save it, exported too if ``onnx``."""
    import torch
    from transformers import BertConfig, BertForTokenClassification

    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng = random.Random(0)
    tokenizer = build_tokenizer()
    names = sorted({label for _ in range(300) for _, label in labelled_sentence(rng, scheme)})
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2,
        num_attention_heads=2, intermediate_size=64, max_position_embeddings=POSITIONS,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager",
        id2label=dict(enumerate(names)), label2id={n: i for i, n in enumerate(names)},
    )  # fmt: skip
    model = BertForTokenClassification(config)
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in model.parameters()]
    for step in range(1, steps + 1):
        ids, labels = training_batch(rng, tokenizer, names, scheme)
        loss = model(input_ids=ids, attention_mask=(ids != 0).long(), labels=labels).loss
        model.zero_grad()
        loss.backward()
        adam(list(model.parameters()), moments, step)
    model.eval().save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    if onnx:
        export(model, folder / "model.onnx")
    return folder


def adam(parameters: list[Any], moments: list[Any], step: int) -> None:
    """Take a step of Adam; torch.optim's own imports its compiler first, for eight seconds."""
    import torch

    with torch.no_grad():
        for weight, (mean, square) in zip(parameters, moments, strict=True):
            mean.lerp_(weight.grad, 0.1)
            square.lerp_(weight.grad**2, 0.001)
            scale = (square / (1 - 0.999**step)).sqrt_().add_(1e-8)
            weight.sub_(5e-3 * (mean / (1 - 0.9**step)) / scale)


def training_batch(rng: random.Random, tokenizer: Any, names: list[str], scheme: str) -> Any:
    """Return ids and labels, 16 rows of 64; text begins anywhere in a stream of sentences."""
    import torch

    ids = torch.zeros((16, 64), dtype=torch.long)
    labels = torch.full((16, 64), -100)
    for row in range(16):
        words = [w for _ in range(rng.randint(1, 9)) for w in labelled_sentence(rng, scheme)]
        pieces, targets = [2], [-100]
        for word, label in words:
            tokens = tokenizer.encode(word, add_special_tokens=False).ids
            pieces += tokens
            targets += [names.index(label)] + [-100] * (len(tokens) - 1)
        pieces, targets = [*pieces[:63], 3], [*targets[:63], -100]
        ids[row, : len(pieces)] = torch.tensor(pieces)
        labels[row, : len(targets)] = torch.tensor(targets)
    return ids, labels


def export(
    model: Any, path: Path, *, names: tuple[str, str] = ("input_ids", "attention_mask")
) -> None:
    import torch

    class Logits(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    ids = torch.ones((2, 9), dtype=torch.long)
    mask = ids.clone()
    mask[1, 5:] = 0  # with a full mask the exporter would leave masking out
    axes = {0: "batch", 1: "length"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Logits().eval(), (ids, mask), str(path), input_names=list(names),
            output_names=["logits"], dynamic_axes={**dict.fromkeys(names, axes), "logits": axes},
            dynamo=False,
        )  # fmt: skip
