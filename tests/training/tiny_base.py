"""A BERT of a few thousand weights with a WordPiece tokenizer, for trainings that take a second."""

from __future__ import annotations

import json
from pathlib import Path

from kgbuild.checkpoints import quiet_transformers

WORDS = (
    "the of and in is a to with aspirin ibuprofen asthma cough fever causes treats induced by "
    "patients mice gene brca1 mutation disease drug cell line hela human study effect on severe "
    "chronic acute no association between was were found"
)


def make_base(folder: Path, *, width: int = 32, layers: int = 2, seed: int = 0) -> Path:
    """Write the model into ``folder``; the same weights every time for a seed."""
    quiet_transformers()
    import torch
    from transformers import BertConfig, BertModel

    letters = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    pieces += [f"##{letter}" for letter in letters]
    pieces += [word for word in dict.fromkeys(WORDS.split(" ")) if word not in pieces]
    torch.manual_seed(7 + seed)
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=width, num_hidden_layers=layers,
        num_attention_heads=4, intermediate_size=2 * width, max_position_embeddings=256,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer(pieces)), encoding="utf-8")
    return folder


def _tokenizer(pieces: list[str]) -> dict[str, object]:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    token = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    around = [
        {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": index, "content": name, "special": True, **token}
            for index, name in enumerate(special)
        ],
        "normalizer": {
            "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
            "strip_accents": None, "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": around,
            "pair": [*around, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {
                name: {"id": name, "ids": [special.index(name)], "tokens": [name]}
                for name in ("[CLS]", "[SEP]")
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {piece: index for index, piece in enumerate(pieces)},
        },
    }  # fmt: skip
