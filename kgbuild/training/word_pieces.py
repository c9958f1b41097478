"""A smaller vocabulary for an encoder: the word pieces that a field's texts really use.

A WordPiece vocabulary made for the open web spends most of its rows on words that biomedical text
never shows. A piece that is left out is spelled with smaller pieces, so no text becomes
unreadable; the rows that stay keep their weights.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from kgbuild.checkpoints import quiet_transformers
from kgbuild.errors import ConfigError
from kgbuild.normalizer.encoder import encoder_folder

__all__ = ["count_pieces", "keep_pieces", "prune_encoder"]

_BATCH = 4096
_LETTERS = {
    *map(chr, range(0x20, 0x250)),
    *map(chr, range(0x370, 0x400)),
    *"–—‘’“”•…†‡′″→←↑↓±×÷≤≥≈∞",
}


def count_pieces(folder: Path, texts: Iterable[str]) -> Counter[str]:
    """Return how often each word piece of the tokenizer in ``folder`` occurs in ``texts``."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    counts: Counter[int] = Counter()
    for batch in _batches(texts):
        for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
            counts.update(encoding.ids)
    return Counter({tokenizer.id_to_token(i) or "": count for i, count in counts.items()})


def keep_pieces(
    vocabulary: Sequence[str], counts: Sequence[Counter[str]], *, size: int
) -> list[str]:
    """Return the ``size`` pieces to keep, in the order of ``vocabulary``.

    Special tokens and single Latin and Greek letters, digits and marks always stay. The others are
    taken by their share of the best of ``counts``, so that a large collection of names doesn't
    drown a small collection of sentences. Pieces that nothing uses are never kept.

    Raises:
        ConfigError: ``size`` has no room for what always stays.

    >>> keep_pieces(["[UNK]", "a", "the", "cat"], [Counter({"the": 3, "cat": 1})], size=3)
    ['[UNK]', 'a', 'the']
    """
    totals = [max(sum(count.values()), 1) for count in counts]

    def share(piece: str) -> float:
        return max((c[piece] / t for c, t in zip(counts, totals, strict=True)), default=0.0)

    fixed = {piece for piece in vocabulary if _always_kept(piece)}
    if size < len(fixed):
        raise ConfigError(f"a vocabulary of {size} pieces lacks room for the {len(fixed)} letters")
    shares = {piece: share(piece) for piece in vocabulary if piece not in fixed}
    used = [piece for piece, part in shares.items() if part > 0]
    used.sort(key=lambda piece: -shares[piece])
    kept = fixed | set(used[: size - len(fixed)])
    return [piece for piece in vocabulary if piece in kept]


def prune_encoder(base: str | Path, output: Path, *, kept: Sequence[str]) -> None:
    """Write the BERT encoder ``base`` to ``output`` with the word pieces ``kept`` alone, in order.

    Raises:
        ConfigError: ``base`` has no WordPiece tokenizer, or not all of these pieces.
    """
    import torch
    from transformers import AutoModel

    source = encoder_folder(base)
    tokenizer = json.loads((source / "tokenizer.json").read_text("utf-8"))
    if tokenizer["model"]["type"] != "WordPiece":
        raise ConfigError(
            f"{base} splits words by {tokenizer['model']['type']}: only WordPiece vocabularies can "
            "be pruned"
        )
    old: dict[str, int] = tokenizer["model"]["vocab"]
    if unknown := [piece for piece in kept if piece not in old]:
        raise ConfigError(f"{base} lacks {len(unknown)} of the pieces to keep, e.g. {unknown[0]!r}")
    with quiet_transformers():
        model = AutoModel.from_pretrained(source)
    rows = model.get_input_embeddings().weight.detach()[[old[piece] for piece in kept]]
    model.resize_token_embeddings(len(kept))
    with torch.no_grad():
        model.get_input_embeddings().weight.copy_(rows)
    new = {piece: index for index, piece in enumerate(kept)}
    model.config.pad_token_id = new["[PAD]"]
    model.save_pretrained(output)
    _write_tokenizer(tokenizer, new, output)


def _write_tokenizer(tokenizer: dict[str, object], new: dict[str, int], output: Path) -> None:
    model = tokenizer["model"]
    assert isinstance(model, dict)
    model["vocab"] = new
    tokenizer["truncation"] = tokenizer["padding"] = None
    added = tokenizer["added_tokens"]
    assert isinstance(added, list)
    for token in added:
        token["id"] = new[token["content"]]
    processor = tokenizer["post_processor"]
    assert isinstance(processor, dict)
    for name, special in processor["special_tokens"].items():
        special["ids"] = [new[name]]
    text = json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":"))
    (output / "tokenizer.json").write_text(text, encoding="utf-8")
    (output / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "BertTokenizerFast", "do_lower_case": True}),
        encoding="utf-8",
    )


def _always_kept(piece: str) -> bool:
    if piece in {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}:
        return True
    return piece.removeprefix("##") in _LETTERS


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
