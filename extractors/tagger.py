"""Mentions by kgbuild's own trained model: small, quantized, without torch."""

from __future__ import annotations

import os
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.batching import pack_by_length
from kgbuild.checkpoints import file_fingerprint, open_tokenizer, read_json, special_tokens
from kgbuild.errors import ConfigError
from kgbuild.extractors.conventions import Conventions, read_conventions
from kgbuild.extractors.doubt import Asked
from kgbuild.extractors.labels import decode, runs
from kgbuild.extractors.merging import MentionMerger
from kgbuild.extractors.repeats import with_repeats
from kgbuild.extractors.tagging import TaggedText, prepare
from kgbuild.extractors.windows import Window, plan_windows
from kgbuild.extractors.word_features import FEATURES, multi_hot
from kgbuild.records import AnnotatedDocument, Mention, Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.extractors.gazetteer import Gazetteer

__all__ = ["SHIPPED_MODEL", "TaggerRecognizer"]

SHIPPED_MODEL = Path(__file__).with_name("weights")
MODEL_FILE = "mentions.onnx"
SETTINGS_FILE = "mentions.json"
NAMES_FILE = "names.npz"
_CHEMICAL = "ChemicalEntity"
_ANTIBODY = re.compile(r"[a-z]{3}mabs?\Z")
"""The stem of monoclonal antibodies' names (WHO, stems of international nonproprietary names).

They are drugs, even if they look like proteins to a model.
"""
_CHUNK = 32  # documents whose windows are packed together


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A document as the model reads it, and where its scores will stand."""

    text: TaggedText
    windows: Sequence[Window]
    scores: NDArray[np.float32]


class TaggerRecognizer:
    """Finds mentions with a model that ``kgbuild train ner`` made; the shipped one by default.

    The model learned each corpus's convention (what is annotated, and how far a mention goes) by a
    head of its own. Each category is read from one head; where two claim the same characters, the
    corpus that the model names first wins. Long texts go through in windows of whole
    sentences; nothing is truncated.

    Args:
        model: folder with mentions.onnx, mentions.json and tokenizer.json; default the shipped one.
        gazetteer: names of the loaded vocabularies, as hints beside those that the model brings.
        hints: let known names be hints at all; the model works without, less well.
        convention: whose convention to follow: a corpus's name for all that it annotates, or a
            name for each category; the model's own choice for the others.
        categories: only these; default all that the model finds. With a ``convention`` by name,
            default what its corpus annotates.
        threshold: mentions with a lower score are left out.
        nested: keep mentions of one category inside those of another.
        threads: batches that run at once, each on one core; default all cores that the process
            may use.
        batch_tokens: most word pieces in a batch, padding included.

    A mention's score is the mean over its words of the probability of its category.

    Raises:
        ConfigError: the model is absent or incomplete, or knows no such convention or category.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        gazetteer: Gazetteer | None = None,
        hints: bool = True,
        convention: str | Mapping[str, str] | None = None,
        categories: Iterable[str] | None = None,
        threshold: float = 0.0,
        nested: bool = False,
        threads: int | None = None,
        batch_tokens: int = 4096,
    ) -> None:
        from kgbuild.extractors.backends import open_session

        folder = Path(model).expanduser() if model is not None else SHIPPED_MODEL
        _check_files(folder)
        settings = read_json(folder / SETTINGS_FILE)
        self._conventions: Conventions = read_conventions(
            settings, convention=convention, categories=categories, source=str(folder)
        )
        self._window = int(settings["window"])
        self._gazetteer = _hints(folder / NAMES_FILE, gazetteer) if hints else None
        self._threshold, self._nested = threshold, nested
        self._merger = MentionMerger(rule="priority", nested=nested)
        self._batch_tokens = batch_tokens
        self._tokenizer = open_tokenizer(folder)
        before, after = special_tokens(self._tokenizer)
        self._around = before[0], after[0]
        self._threads = threads or os.cpu_count() or 1
        path = folder / MODEL_FILE
        self._session = open_session(path, threads=1)
        self._files = [path, folder / "words.bin", folder / SETTINGS_FILE]

    @cached_property
    def name(self) -> str:
        """``tagger/HASH``; the hash is of the weights, the conventions and the gazetteer."""
        names = self._gazetteer.fingerprint if self._gazetteer is not None else ""
        settings = {
            **self._conventions.chosen,
            "gazetteer": names,
            "nested": str(self._nested),
            "rules": "antibodies",
        }
        return f"tagger/{file_fingerprint(self._files, settings=settings)[:12]}"

    @property
    def categories(self) -> tuple[str, ...]:
        """What it finds."""
        return tuple(self._conventions.chosen)

    @property
    def conventions(self) -> Mapping[str, tuple[str, ...]]:
        """The categories of each corpus that the model learned from."""
        return {head.name: tuple(head.groups) for head in self._conventions.all_heads}

    def word_probabilities(
        self, batch: Sequence[AnnotatedDocument]
    ) -> list[tuple[Sequence[Span], dict[str, NDArray[np.float32]]]]:
        """Return the words of each document, and the probabilities of their labels.

        These are by convention, ``(words, labels)`` each, the labels in the order of
        ``bioes_labels`` of the convention's categories.
        """
        import numpy as np

        return [
            (
                item.text.words,
                {
                    head.name: np.exp(_log_softmax(item.scores[:, head.low : head.high]))
                    for head in self._conventions.all_heads
                },
            )
            for item in self._scored(batch)
        ]

    def recognize(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Mention, ...]]:
        """Return the mentions of each document, in order of start.

        Documents are prepared in this thread while earlier ones run through the model in others.
        """
        return self._decode(batch, self._scored(batch))

    def recognize_and_judge(
        self, batch: Sequence[AnnotatedDocument], asked: Sequence[Sequence[Asked]]
    ) -> tuple[list[tuple[Mention, ...]], list[list[float]]]:
        """Return the mentions of each document, and how likely other places are mentions.

        A place's probability is the mean over its words, by the convention that gives it most of
        all that have its category; 0 where no word is there, or no convention has the category.
        """
        prepared = self._scored(batch)
        found = self._decode(batch, prepared)
        return found, [
            [self._chance(doc.document.text, item, place) for place in places]
            for doc, item, places in zip(batch, prepared, asked, strict=True)
        ]

    def _chance(self, text: str, item: _Prepared, asked: Asked) -> float:
        import numpy as np

        start, end, category = asked
        if category == _CHEMICAL and _ANTIBODY.search(text, start, end):
            return 1.0
        first = bisect_right(item.text.words, start, key=itemgetter(1))
        stop = bisect_left(item.text.words, end, key=itemgetter(0))
        if first >= stop:
            return 0.0
        chances = []
        for head in self._conventions.all_heads:
            if category in head.groups:
                rows = _log_softmax(item.scores[first:stop, head.low : head.high])
                chances.append(np.exp(rows[:, head.groups[category]]).sum(axis=1).mean())
        return float(max(chances, default=0.0))

    def _scored(self, batch: Sequence[AnnotatedDocument]) -> list[_Prepared]:
        prepared: list[_Prepared] = []
        running: list[Future[None]] = []
        with ThreadPoolExecutor(self._threads) as pool:
            documents = iter(batch)
            while chunk := list(islice(documents, _CHUNK)):
                fresh = [self._prepare(t) for t in prepare(chunk, self._tokenizer, self._gazetteer)]
                places = [(item, window) for item in fresh for window in item.windows]
                lengths = [window.end - window.start + 2 for _, window in places]
                packed = pack_by_length(lengths, batch_tokens=self._batch_tokens)
                running += [pool.submit(self._run, [places[i] for i in some]) for some in packed]
                prepared += fresh
            for future in running:
                future.result()
        return prepared

    def _prepare(self, text: TaggedText) -> _Prepared:
        import numpy as np

        windows = plan_windows(
            len(text.ids), capacity=self._window - 2, stride=0, starts=text.starts
        )
        labels = self._conventions.labels_in_all
        return _Prepared(text, windows, np.empty((len(text.words), labels), dtype=np.float32))

    def _run(self, places: Sequence[tuple[_Prepared, Window]]) -> None:
        """Run windows through the model; keep the scores of each word's first piece."""
        import numpy as np

        longest = max(window.end - window.start for _, window in places) + 2
        ids = np.zeros((len(places), longest), dtype=np.int64)
        mask = np.zeros((len(places), longest), dtype=np.int64)
        features = np.zeros((len(places), longest, FEATURES), dtype=np.float32)
        for row, (item, window) in enumerate(places):
            text, size = item.text, window.end - window.start
            ids[row, 0], ids[row, size + 1] = self._around
            ids[row, 1 : size + 1] = text.ids[window.start : window.end]
            mask[row, : size + 2] = 1
            words = text.word_of[window.start : window.end]
            low, high = words[0], words[-1] + 1
            rows = multi_hot(text.shapes[low:high], text.tags[low:high])
            features[row, 1 : size + 1] = rows[words - low]
        feed: dict[str, Any] = {"input_ids": ids, "attention_mask": mask, "features": features}
        logits: NDArray[np.float32] = self._session.run(None, feed)[0]
        for row, (item, window) in enumerate(places):
            low, high = np.searchsorted(item.text.first, (window.start, window.end))
            item.scores[low:high] = logits[row, item.text.first[low:high] - window.start + 1]

    def _decode(
        self, batch: Sequence[AnnotatedDocument], prepared: Sequence[_Prepared]
    ) -> list[tuple[Mention, ...]]:
        found: list[list[list[Mention]]] = [[] for _ in batch]
        for head in self._conventions.heads:
            scores = [_log_softmax(item.scores[:, head.low : head.high]) for item in prepared]
            paths = decode(scores, head.labels)
            for mentions, doc, item, rows, path in zip(
                found, batch, prepared, scores, paths, strict=True
            ):
                own = []
                for first, stop, kind in runs(path.tolist(), head.labels):
                    if kind in head.wanted:
                        chances = rows[first:stop][:, head.groups[kind]]
                        own.append(self._mention(doc, item.text, (first, stop), kind, chances))
                if head.repeat <= 1:
                    own = with_repeats(doc.document.text, own, surest=head.repeat)
                mentions.append([m for m in own if m.score >= self._threshold])
        return [tuple(self._merger.merge(some)) for some in found]

    def _mention(
        self,
        doc: AnnotatedDocument,
        text: TaggedText,
        words: tuple[int, int],
        category: str,
        chances: NDArray[np.float32],
    ) -> Mention:
        import numpy as np

        start, end = text.words[words[0]][0], text.words[words[1] - 1][1]
        if _ANTIBODY.search(doc.document.text, start, end) and _CHEMICAL in self.categories:
            category = _CHEMICAL
        score = min(float(np.exp(chances).sum(axis=1).mean()), 1.0)
        document = doc.document
        return Mention(
            document.id, start, end, document.text[start:end], category, score, self.name
        )


def _hints(own: Path, gazetteer: Gazetteer | None) -> Gazetteer | None:
    """Return the names that the model brings together with others."""
    from kgbuild.extractors.gazetteer import Gazetteer

    if not own.is_file():
        return gazetteer
    brought = Gazetteer.open(own)
    return brought if gazetteer is None else brought.joined(gazetteer)


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    if not len(logits):
        return logits
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def _check_files(folder: Path) -> None:
    lacking = [
        n for n in (MODEL_FILE, SETTINGS_FILE, "tokenizer.json") if not (folder / n).exists()
    ]
    if lacking:
        missing = ", ".join(lacking)
        raise ConfigError(
            f"{folder} holds no tagger: it lacks {missing}; kgbuild train ner makes one"
        )
