"""From a configuration to a finished tagger: what ``kgbuild train ner`` does."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import ConfigError
from kgbuild.ontologies.schema import Schema
from kgbuild.records import Failure
from kgbuild.training.corpora import read_corpus
from kgbuild.training.hardware import require_training
from kgbuild.training.held_back import read_held_back, without
from kgbuild.training.ner_data import Corpus
from kgbuild.training.settings_file import encoder_beside, named_or_file, resolve, start_path

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from kgbuild.extractors.gazetteer import Gazetteer
    from kgbuild.training.loop import Progress, TrainingResult
    from kgbuild.training.ner_model import Tagger
    from kgbuild.training.ner_settings import CorpusSettings, NerSettings
    from kgbuild.training.teachers import Teachers

__all__ = ["NerReport", "export_tagger", "load_corpora", "open_gazetteer", "train_ner"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NerReport:
    """What a training gave: measures of the best epoch, and what it was trained on."""

    folder: Path
    best: Mapping[str, float]
    documents: Mapping[str, int]
    dropped: Mapping[str, int]
    trained_share: float


def train_ner(
    settings: NerSettings,
    folder: Path,
    *,
    beside: Path,
    final: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> NerReport:
    """Train a tagger, or go on training it, and export it to ``folder/model``.

    Args:
        settings: what the configuration file says.
        folder: for checkpoints, measures and the finished model.
        beside: the folder that file names in ``settings`` are relative to.
        final: train on the development files too, measure nothing, and keep the weights of this
            epoch: that which a run with development files found best.
        progress: see ``train``.

    Raises:
        ConfigError, InputError: a corpus, vocabulary or base is absent or unfit.
        MissingExtraError: the extra ``train`` is not installed.
    """
    require_training()
    from kgbuild.checkpoints import open_tokenizer
    from kgbuild.training.loop import train
    from kgbuild.training.ner_task import NerTask

    base = encoder_beside(settings.training.base, beside)
    training = settings.training.model_copy(update={"base": str(base)})
    _check_windows(settings, base)
    tokenizer = open_tokenizer(base)
    if final is not None:
        settings = settings.final()
    corpora, development, dropped = load_corpora(settings, beside=beside)
    unlabelled, left_out = _unlabelled(settings, [*corpora, *development.values()], beside=beside)
    learned = [*corpora, *filter(None, [unlabelled])]
    vocabularies = [named_or_file(name, beside) for name in settings.gazetteer]
    gazetteer = open_gazetteer(vocabularies, folder / "gazetteer.npz")
    for corpus in (*learned, *development.values()):
        corpus.prepare(tokenizer, gazetteer)
        if corpus.lost:
            _log.info("%s: %d overlapping mentions are not learned", corpus.name, corpus.lost)
    task = NerTask(
        corpora, development, settings, special=_special(tokenizer, base),
        start_from=start_path(settings.start_from, beside),
        teachers=_taught_by(settings, learned, beside=beside, keep=folder / "taught"),
        unlabelled=unlabelled,
    )  # fmt: skip
    result = train(task, training, folder, stop_after=final, progress=progress)
    export_tagger(result, settings, base, folder / "model")
    if gazetteer is not None:
        gazetteer.save(folder / "model/names.npz")
    return NerReport(
        folder / "model",
        result.best,
        {corpus.name: len(corpus.documents) for corpus in learned},
        dropped | left_out,
        result.trained_share,
    )


def load_corpora(
    settings: NerSettings, *, beside: Path
) -> tuple[list[Corpus], dict[str, Corpus], dict[str, int]]:
    """Return training corpora, development corpora, and how many documents each had to give up.

    A document that is held back, or that is in any development set, trains nothing.
    """
    schema = Schema.load(named_or_file(settings.schema_, beside))
    held = _held_back(settings, beside)
    development = {
        own.name: Corpus(
            own.name, tuple(own.categories), _read(own, own.development, schema, beside)
        )
        for own in settings.corpora
        if own.development
    }
    held |= {item.document.id for corpus in development.values() for item in corpus.documents}
    corpora, dropped = [], {}
    for own in settings.corpora:
        read = _read(own, own.training, schema, beside)
        kept = without(read, held)
        dropped[own.name] = len(read) - len(kept)
        _check_categories(own, kept, len(read))
        corpora.append(Corpus(own.name, tuple(own.categories), kept, share=own.share))
    return corpora, development, dropped


def _held_back(settings: NerSettings, beside: Path) -> frozenset[str]:
    if settings.held_back is None:
        return frozenset()
    return read_held_back(Path(resolve(settings.held_back, beside)))


def _taught_by(
    settings: NerSettings, corpora: Sequence[Corpus], *, beside: Path, keep: Path
) -> Teachers | None:
    """Let the settings' teachers, if any, teach prepared corpora; return them.

    What they say is kept in a folder for a training that goes on.
    """
    from kgbuild.training.teachers import Teachers

    if settings.teachers is None:
        return None
    folders = [Path(resolve(name, beside)) for name in settings.teachers.models]
    conventions = {own.name: own.categories for own in settings.corpora}
    teachers = Teachers(folders, conventions, weight=settings.teachers.weight)
    for corpus in corpora:
        teachers.teach(corpus, keep=keep)
    return teachers


def _unlabelled(
    settings: NerSettings, corpora: Sequence[Corpus], *, beside: Path
) -> tuple[Corpus | None, dict[str, int]]:
    """Return the texts that only teachers label, and how many are held back or in ``corpora``."""
    from kgbuild.training.teachers import read_unlabelled

    if settings.teachers is None or not settings.teachers.texts:
        return None, {}
    known = {item.document.id for corpus in corpora for item in corpus.documents}
    texts = [resolve(name, beside) for name in settings.teachers.texts]
    items, left_out = read_unlabelled(texts, held=known | _held_back(settings, beside))
    read = Corpus("unlabelled texts", (), items, share=settings.teachers.share)
    return read, {read.name: left_out}


def _read(own: CorpusSettings, files: Sequence[str], schema: Schema, beside: Path) -> list[Any]:
    names = [resolve(file, beside) for file in files]
    return read_corpus(names, schema=schema, options=own.options, fold=own.fold)


def _check_windows(settings: NerSettings, base: Path) -> None:
    from kgbuild.checkpoints import position_limit, read_json

    most = position_limit(base, read_json(base / "config.json")) - 2  # two special tokens
    if settings.longest_window > most:
        raise ConfigError(
            f"longest_window is {settings.longest_window}, but {base} takes {most} word pieces "
            "at most"
        )


def _check_categories(own: CorpusSettings, documents: Sequence[Any], read: int) -> None:
    if not documents:
        raise ConfigError(
            f"corpus {own.name} has nothing to learn from: all of its {read:,} training documents "
            "are held back, or in a development file"
        )
    seen = {mention.category for item in documents for mention in item.mentions}
    if absent := [name for name in own.categories if name not in seen]:
        raise ConfigError(
            f"corpus {own.name} annotates no {', '.join(absent)}: it has "
            f"{', '.join(sorted(seen))}; correct categories, or fold or options"
        )


def open_gazetteer(vocabularies: Sequence[str], file: Path) -> Gazetteer | None:
    """Return the gazetteer of vocabularies, made once and kept in ``file``; None without any."""
    from kgbuild.extractors.gazetteer import Gazetteer
    from kgbuild.ontologies import open_vocabulary
    from kgbuild.records import content_hash

    if not vocabularies:
        return None
    opened = [open_vocabulary(name) for name in vocabularies]
    fingerprint = content_hash(*(v.fingerprint for v in opened))
    if file.is_file():
        kept = Gazetteer.open(file)
        if kept.fingerprint == fingerprint:
            return kept

    def names() -> Iterator[tuple[str, str]]:
        for vocabulary in opened:
            for term in vocabulary.terms():
                if not isinstance(term, Failure) and not term.obsolete:
                    yield term.name, term.category
                    yield from ((synonym.text, term.category) for synonym in term.synonyms)

    made = Gazetteer.build(names(), fingerprint=fingerprint)
    made.save(file)
    return made


def _special(tokenizer: Tokenizer, base: Path) -> tuple[int, int, int, int]:
    ids = [tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]", "[MASK]", "[PAD]")]
    if any(found is None for found in ids):
        raise ConfigError(f"{base}: expected a BERT tokenizer with [CLS], [SEP], [MASK] and [PAD]")
    start, stop, mask, pad = (int(found) for found in ids if found is not None)
    return start, stop, mask, pad


def export_tagger(
    result: TrainingResult,
    settings: NerSettings,
    base: Path,
    folder: Path,
    *,
    quantize: bool = True,
) -> None:
    """Write the model as ``TaggerRecognizer`` opens it: mentions.onnx, mentions.json, tokenizer."""
    import torch

    from kgbuild.extractors.word_features import FEATURES
    from kgbuild.training.encoder import cut_positions
    from kgbuild.training.export import export_onnx

    folder.mkdir(parents=True, exist_ok=True)
    model: Any = result.model
    tagger: Tagger = model
    window = settings.longest_window + 2
    cut_positions(tagger.encoder, window)
    axes = {0: "batch", 1: "pieces"}
    ids = torch.ones((2, 8), dtype=torch.long)
    inputs = {
        "input_ids": ids,
        "attention_mask": ids,
        "features": torch.zeros((2, 8, FEATURES)),
    }
    export_onnx(
        tagger, folder / "mentions.onnx", inputs=inputs, outputs={"logits": axes},
        axes=dict.fromkeys(inputs, axes), quantize=quantize,
    )  # fmt: skip
    conventions = {own.name: own.categories for own in settings.corpora}
    chosen = {c: own.name for own in reversed(settings.corpora) for c in own.categories}
    said = {
        "window": window,
        "conventions": conventions,
        "default": chosen | settings.default,
        "repeat": {o.name: o.repeat for o in settings.corpora if o.repeat is not None},
        "development": {k: round(float(v), 4) for k, v in result.best.items()},
    }
    text = json.dumps(said, indent=1, ensure_ascii=False) + "\n"
    (folder / "mentions.json").write_text(text, encoding="utf-8")
    (folder / "tokenizer.json").write_bytes((base / "tokenizer.json").read_bytes())
