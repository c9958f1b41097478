"""Mentions by any token classifier in Hugging Face's layout, on torch or ONNX Runtime."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kgbuild.batching import pack_by_length
from kgbuild.checkpoints import (
    file_fingerprint,
    find_checkpoint,
    open_tokenizer,
    position_limit,
    read_json,
    special_tokens,
)
from kgbuild.errors import ConfigError
from kgbuild.extractors.backends import (
    Precision,
    open_classifier,
    wanted_files,
)
from kgbuild.extractors.labels import (
    Scheme,
    decode,
    map_categories,
    read_labels,
    rename_labels,
    runs,
)
from kgbuild.extractors.windows import Window, plan_windows, sentence_starts, word_starts
from kgbuild.records import AnnotatedDocument, Mention, Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.ontologies.schema import Schema

__all__ = ["Aggregation", "TransformerRecognizer"]

Aggregation = Literal["first", "average", "max", "none"]

_SURROGATE = re.compile("[\ud800-\udfff]")
_DEFAULT_WINDOW = 512


@dataclass(frozen=True, slots=True)
class _Tokens:
    """A document's subword tokens, without special tokens."""

    text: str
    ids: Sequence[int]
    offsets: Sequence[Span]
    windows: Sequence[Window]


class TransformerRecognizer:
    """Finds mentions with a token classifier; long texts go through in overlapping windows.

    Nothing is truncated. Each token is read from the window that shows most of its surroundings;
    the best label sequence that the label scheme allows is then found over the whole document.

    Args:
        model: a folder in Hugging Face's layout, or a hub id (see ``find_checkpoint``).
        backend: torch (extra ``transformers``) or onnx; auto takes ONNX Runtime
            where the folder has an exported model and onnxruntime is installed.
        device: auto, cpu, cuda or cuda:N.
        precision: auto is fp32 on the CPU and bf16 (fp16 on older cards) on CUDA; torch only.
        onnx_file: which exported model to run, relative to the folder; the default prefers
            model.onnx to model_quantized.onnx.
        batch_tokens: most tokens in a batch, padding included.
        window: most tokens in a window, special tokens included; default 512 or, if smaller, what
            the model can take.
        stride: tokens that neighbouring windows share, as in Hugging Face's tokenizers; default
            an eighth of the window.
        max_sentences: most sentences in a window; 1 suits models trained on single sentences.
            None fills the windows. Sentences are those of the documents; without any, windows are
            cut by length alone.
        labels: what the model's labels mean, by entity type (``"CHEM": "ChemicalEntity"``) or by
            whole label (``"LABEL_1": "B-Disease"``); None or "O" leaves a type out.
        schema: maps the entity types that ``labels`` doesn't, by its aliases; default the
            biomedical schema.
        scheme: the label scheme; IOB1 must be named, the others are told from the labels.
        aggregation: how a word's prediction is made of its subwords: of the first, by their
            average, by the surest one (max), or not at all (none: each subword is its own word, and
            mentions may begin and end inside words).
        threshold: mentions with a lower score are left out.
        revision: branch, tag or commit of a hub id.
        offline: never touch the network; None follows ``HF_HUB_OFFLINE``.
        allow_pickle: load pytorch_model.bin where there are no safetensors. Only for files that
            you trust.

    A mention's score is the mean over its words of the probability of its entity type, whatever
    the prefix.

    Raises:
        ConfigError: the checkpoint is absent, incomplete or no token classifier, or entity types
            have no category; the message lists them.
        MissingExtraError: the backend is not installed.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        backend: Literal["auto", "torch", "onnx"] = "auto",
        device: str = "auto",
        precision: Precision = "auto",
        onnx_file: str | None = None,
        batch_tokens: int = 8192,
        window: int | None = None,
        stride: int | None = None,
        max_sentences: int | None = None,
        labels: Mapping[str, str | None] | None = None,
        schema: Schema | None = None,
        scheme: Scheme | Literal["auto"] = "auto",
        aggregation: Aggregation = "first",
        threshold: float = 0.0,
        revision: str | None = None,
        offline: bool | None = None,
        allow_pickle: bool = False,
    ) -> None:
        if aggregation not in {"first", "average", "max", "none"}:
            raise ConfigError(
                f"unknown aggregation {aggregation!r}: expected first, average, max or none"
            )
        self._aggregation = aggregation
        self._threshold = threshold
        self._batch_tokens = batch_tokens
        self._max_sentences = max_sentences
        folder = find_checkpoint(
            model,
            weights=wanted_files(backend, allow_pickle=allow_pickle),
            revision=revision,
            offline=offline,
        )
        config = read_json(folder / "config.json")
        named, explicit = rename_labels(config, labels or {}, source=str(folder))
        self._labels = read_labels(named, scheme=scheme)
        self._categories = map_categories(
            self._labels, {**explicit, **(labels or {})}, schema, source=str(folder)
        )
        self._tokenizer = open_tokenizer(folder)
        self._before, self._after = special_tokens(self._tokenizer)
        self._window, self._stride = self._sizes(folder, config, window, stride)
        self._model = open_classifier(
            folder, backend=backend, device=device, precision=precision,
            onnx_file=onnx_file, allow_pickle=allow_pickle, labels=len(self._labels.types),
            pad_id=config.get("pad_token_id") or 0,
        )  # fmt: skip
        self._base = str(model).rstrip("/").rpartition("/")[2] or folder.name
        self._group = self._grouping()

    @cached_property
    def name(self) -> str:
        """``transformer:MODEL/HASH``; the hash is of the weights and of what labels mean."""
        digest = file_fingerprint(self._model.weights, settings=dict(self._categories))
        return f"transformer:{self._base}/{digest[:12]}"

    def recognize(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Mention, ...]]:
        """Return the mentions of each document, in order of start; they don't overlap.

        Larger batches waste less on padding. A document without text gives no mention.
        """
        documents = self._tokenize(batch)
        scores = self._forward(documents)
        words = [self._words(tokens, rows) for tokens, rows in zip(documents, scores, strict=True)]
        paths = decode([rows for _, rows in words], self._labels)
        return [
            tuple(self._mentions(doc, spans, rows, path))
            for doc, (spans, rows), path in zip(batch, words, paths, strict=True)
        ]

    def _sizes(
        self, folder: Path, config: Mapping[str, Any], window: int | None, stride: int | None
    ) -> tuple[int, int]:
        """Return the capacity of a window and the overlap, special tokens not counted."""
        special = len(self._before) + len(self._after)
        limit = position_limit(folder, config)
        size = window if window is not None else min(_DEFAULT_WINDOW, limit)
        if size > limit:
            raise ConfigError(f"window={size} is more than the {limit} tokens {folder} can take")
        capacity = size - special
        if capacity < 2:
            raise ConfigError(f"window={size} leaves no room beside {special} special tokens")
        overlap = stride if stride is not None else capacity // 8
        if not 0 <= overlap < capacity:
            raise ConfigError(f"stride={overlap} must be at least 0 and less than {capacity}")
        return capacity, overlap

    def _tokenize(self, batch: Sequence[AnnotatedDocument]) -> list[_Tokens]:
        # A lone surrogate has no UTF-8; its replacement is one character too.
        texts = [_SURROGATE.sub("\ufffd", item.document.text) for item in batch]
        encodings = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        documents = []
        for item, text, encoding in zip(batch, texts, encodings, strict=True):
            offsets = encoding.offsets
            windows = plan_windows(
                len(offsets),
                capacity=self._window,
                stride=self._stride,
                starts=sentence_starts(offsets, item.sentences),
                max_sentences=self._max_sentences,
            )
            documents.append(_Tokens(text, encoding.ids, offsets, windows))
        return documents

    def _forward(self, documents: Sequence[_Tokens]) -> list[NDArray[np.float32]]:
        """Return each document's log probabilities, ``(tokens, labels)``."""
        import numpy as np

        places = [(d, w) for d, tokens in enumerate(documents) for w in tokens.windows]
        results = [
            np.empty((len(tokens.ids), len(self._labels.types)), dtype=np.float32)
            for tokens in documents
        ]
        extra = len(self._before) + len(self._after)
        lengths = [w.end - w.start + extra for _, w in places]
        for chosen in pack_by_length(lengths, batch_tokens=self._batch_tokens):
            rows = []
            for index in chosen:
                d, w = places[index]
                rows.append([*self._before, *documents[d].ids[w.start : w.end], *self._after])
            logits = self._model.logits(rows)
            for row, index in enumerate(chosen):
                d, w = places[index]
                shift = len(self._before) - w.start
                core = logits[row, w.core_start + shift : w.core_end + shift]
                results[d][w.core_start : w.core_end] = _log_softmax(core)
        return results

    def _words(
        self, tokens: _Tokens, rows: NDArray[np.float32]
    ) -> tuple[list[Span], NDArray[np.float32]]:
        """Return the words' offsets and log probabilities, ``(words, labels)``."""
        import numpy as np

        text, offsets = tokens.text, tokens.offsets
        if self._aggregation == "none":
            kept = [i for i, (a, b) in enumerate(offsets) if text[a:b].strip()]
            return [offsets[i] for i in kept], rows[kept]
        starts = word_starts(text, offsets)
        stops = [*starts[1:], len(offsets)] if starts else []
        spans = []
        for start, stop in zip(starts, stops, strict=True):
            # Tokens of white space belong to no word, though they come before the next one.
            end = max(b for a, b in offsets[start:stop] if a == b or text[a:b].strip())
            spans.append((offsets[start][0], end))
        if self._aggregation == "first" or not starts:
            return spans, rows[starts]
        pieces = [rows[a:b] for a, b in zip(starts, stops, strict=True)]
        return spans, np.stack([self._joined(piece) for piece in pieces])

    def _joined(self, piece: NDArray[np.float32]) -> NDArray[np.float32]:
        import numpy as np

        if self._aggregation == "max":
            best: NDArray[np.float32] = piece[piece.max(axis=1).argmax()]
            return best
        mean: NDArray[np.float32] = np.log(np.exp(piece).mean(axis=0) + 1e-30)
        return mean

    def _grouping(self) -> dict[str, list[int]]:
        """Return the labels of each entity type."""
        groups: dict[str, list[int]] = {}
        for index, (prefix, kind) in enumerate(
            zip(self._labels.prefixes, self._labels.types, strict=True)
        ):
            if prefix != "O":
                groups.setdefault(kind, []).append(index)
        return groups

    def _mentions(
        self,
        item: AnnotatedDocument,
        spans: Sequence[Span],
        rows: NDArray[np.float32],
        path: NDArray[np.int64],
    ) -> list[Mention]:
        import numpy as np

        document = item.document
        mentions = []
        for first, stop, kind in runs(path.tolist(), self._labels):
            category = self._categories.get(kind)
            if category is None:
                continue
            chances = np.exp(rows[first:stop, self._group[kind]].astype(np.float64)).sum(axis=1)
            score = min(float(chances.mean()), 1.0)
            start, end = _trimmed(document.text, spans[first][0], spans[stop - 1][1])
            if score >= self._threshold:
                text = document.text[start:end]
                mentions.append(Mention(document.id, start, end, text, category, score, self.name))
        return mentions


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result
