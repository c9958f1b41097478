"""From a configuration to a finished name encoder: what ``kgbuild train encoder`` does."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import ConfigError
from kgbuild.normalizer.expansion import expanded, long_forms
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Failure, Term, content_hash
from kgbuild.training.concepts import Concepts, gather_concepts
from kgbuild.training.corpora import read_corpus
from kgbuild.training.hardware import require_training
from kgbuild.training.held_back import read_held_back, without
from kgbuild.training.settings_file import encoder_beside, named_or_file, resolve

if TYPE_CHECKING:
    from kgbuild.training.encoder_settings import EncoderSettings, LinkedCorpus
    from kgbuild.training.encoder_task import Mentions
    from kgbuild.training.loop import Progress, TrainingResult
    from kgbuild.training.ranking_settings import RankingSettings

__all__ = ["EncoderReport", "export_encoder", "is_for_ranking", "linked_documents", "train_encoder"]


@dataclass(frozen=True, slots=True)
class EncoderReport:
    """What a training gave, and what it was trained on."""

    folder: Path
    best: Mapping[str, float]
    concepts: int
    names: int
    mentions: Mapping[str, int]
    dropped: Mapping[str, int]
    trained_share: float


def train_encoder(
    settings: EncoderSettings,
    folder: Path,
    *,
    beside: Path,
    progress: Callable[[Progress], None] | None = None,
) -> EncoderReport:
    """Train an encoder, or go on training it, and export it to ``folder/model``.

    Args:
        settings: what the configuration file says.
        folder: for checkpoints, measures and the finished model.
        beside: the folder that file names in ``settings`` are relative to.
        progress: see ``train``.

    Raises:
        ConfigError, InputError, VocabularyError: a corpus, vocabulary or base is absent or unfit.
        MissingExtraError: the extra ``train`` is not installed.
    """
    require_training()
    from kgbuild.checkpoints import open_tokenizer
    from kgbuild.training.encoder_task import EncoderTask
    from kgbuild.training.loop import train

    base = encoder_beside(settings.training.base, beside)
    training = settings.training.model_copy(update={"base": str(base)})
    concepts = _open_concepts(settings, beside)
    documents, development, dropped = linked_documents(settings, beside=beside)
    learned = {
        name: [item for item in items if not is_for_ranking(item, settings.keep_for_ranking)]
        for name, items in documents.items()
    }
    mentions = _pairs([item for items in learned.values() for item in items], concepts)
    task = EncoderTask(
        concepts,
        mentions,
        {name: _pairs(items, concepts, root=1.0) for name, items in development.items()},
        tokenizer=open_tokenizer(base),
        settings=settings,
    )
    names = sum(len(concept.names) for concept in concepts.members)  # without those held out
    result = train(task, training, folder, progress=progress)
    export_encoder(result, settings, base, folder / "model")
    return EncoderReport(
        folder / "model",
        result.best,
        len(concepts.members),
        names,
        {name: len(items) for name, items in learned.items()},
        dropped,
        result.trained_share,
    )


def linked_documents(
    settings: EncoderSettings | RankingSettings, *, beside: Path
) -> tuple[dict[str, list[AnnotatedDocument]], dict[str, list[AnnotatedDocument]], dict[str, int]]:
    """Return training and development documents by corpus, and how many had to be given up.

    A document that is held back, or that is in any development set, trains nothing.
    """
    schema = Schema.load(named_or_file(settings.schema_, beside))

    def read(own: LinkedCorpus, files: Sequence[str]) -> list[AnnotatedDocument]:
        return read_corpus([resolve(f, beside) for f in files], schema=schema, options=own.options)

    development = {c.name: read(c, c.development) for c in settings.corpora if c.development}
    held = {item.document.id for items in development.values() for item in items}
    if settings.held_back is not None:
        held |= read_held_back(Path(resolve(settings.held_back, beside)))
    training, dropped = {}, {}
    for own in settings.corpora:
        found = read(own, own.training)
        training[own.name] = without(found, held)
        dropped[own.name] = len(found) - len(training[own.name])
    return training, development, dropped


def is_for_ranking(item: AnnotatedDocument, every: int) -> bool:
    """Tell whether a training document is left out, to choose a threshold on.

    By a hash of its id, so that the encoder never learns what its weight is measured on.
    """
    return int(content_hash(item.document.id)[:8], 16) % every == 0


def _open_concepts(settings: EncoderSettings, beside: Path) -> Concepts:
    from kgbuild.ontologies import open_vocabulary

    def terms(name: str, category: str | None) -> Iterator[Term]:
        for term in open_vocabulary(named_or_file(name, beside), category=category).terms():
            if not isinstance(term, Failure):
                yield term

    sources = settings.sources()
    concepts = gather_concepts([(terms(s.name, s.category), s.share) for s in sources])
    if not any(len(concept.names) > 1 for concept in concepts.members):
        raise ConfigError(
            f"{', '.join(s.name for s in sources)}: no term has two names, and synonyms are what "
            "an encoder learns from"
        )
    return concepts


def _pairs(
    documents: Sequence[AnnotatedDocument], concepts: Concepts, *, root: float = 0.5
) -> Mentions:
    """Return the mentions whose one identifier is known, written out, with their frequency."""
    counts: Counter[tuple[str, int]] = Counter()
    for item in documents:
        known = long_forms(item.abbreviations)
        given: dict[str, list[str]] = {}
        for grounding in item.groundings:
            if grounding.curie:
                given.setdefault(grounding.mention, []).append(grounding.curie)
        for mention in item.mentions:
            curies = given.get(mention.id, [])
            if len(curies) == 1 and curies[0] in concepts.place:
                counts[expanded(mention.text, known), concepts.place[curies[0]]] += 1
    return [(text, row, count**root) for (text, row), count in sorted(counts.items())]


def export_encoder(
    result: TrainingResult,
    settings: EncoderSettings,
    base: Path,
    folder: Path,
    *,
    quantize: bool = True,
) -> None:
    """Write the encoder as ``OnnxEncoder`` opens it: names.onnx, names.json, tokenizer.json."""
    import torch

    from kgbuild.training.encoder import cut_positions
    from kgbuild.training.export import export_onnx

    folder.mkdir(parents=True, exist_ok=True)
    model: Any = result.model
    cut_positions(model.encoder, settings.longest)
    axes = {0: "batch", 1: "pieces"}
    ids = torch.ones((2, 8), dtype=torch.long)
    inputs = {"input_ids": ids, "attention_mask": ids}
    export_onnx(
        model, folder / "names.onnx", inputs=inputs,
        outputs={"sentence_embedding": {0: "batch"}},
        axes=dict.fromkeys(inputs, axes), quantize=quantize,
    )  # fmt: skip
    said = {
        "max_seq_length": settings.longest,
        "thresholds": settings.thresholds,
        "vocabularies": [source.name for source in settings.sources()],
        "corpora": [own.name for own in settings.corpora],
        "development": {k: round(float(v), 4) for k, v in result.best.items()},
    }
    (folder / "names.json").write_text(json.dumps(said, indent=1) + "\n", "utf-8")
    (folder / "tokenizer.json").write_bytes((base / "tokenizer.json").read_bytes())
