"""From a configuration to a finished relation model: what ``kgbuild train relations`` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import ConfigError
from kgbuild.ontologies.schema import Schema
from kgbuild.training.hardware import require_training
from kgbuild.training.settings_file import encoder_beside, named_or_file, start_path

if TYPE_CHECKING:
    from kgbuild.evaluation.relations import Pair
    from kgbuild.extractors.bag_model import BagModel
    from kgbuild.extractors.relation_labels import RelationLabels
    from kgbuild.records import AnnotatedDocument
    from kgbuild.training.loop import Progress
    from kgbuild.training.relation_data import Example, RelationCorpus
    from kgbuild.training.relation_measure import Verdict
    from kgbuild.training.relation_model import RelationNet
    from kgbuild.training.relation_settings import RelationSettings
    from kgbuild.training.relation_task import RelationTask

__all__ = ["RelationReport", "prepare_task", "train_relations"]

Measured = tuple[Sequence["Example"], Sequence["AnnotatedDocument"]]


@dataclass(frozen=True, slots=True)
class RelationReport:
    """What a training gave: measures on all development documents, and what it was trained on."""

    folder: Path
    measures: Mapping[str, float]
    documents: Mapping[str, int]
    dropped: Mapping[str, int]
    trained_share: float


@dataclass(frozen=True, slots=True)
class PreparedTask:
    """A task with all that measuring its result takes."""

    task: RelationTask
    measured: Mapping[int, Measured]
    corpora: Sequence[RelationCorpus]
    sample: Example


def prepare_task(settings: RelationSettings, base: Path, *, beside: Path) -> PreparedTask:
    """Read the corpora and cut them into windows for the tokenizer of ``base``."""
    from kgbuild.checkpoints import open_tokenizer, position_limit, read_json, special_tokens
    from kgbuild.training.relation_data import examples_of, labels_of, read_corpora
    from kgbuild.training.relation_task import RelationTask

    schema = Schema.load(named_or_file(settings.schema_, beside))
    _check_terms(settings, schema)
    corpora = read_corpora(settings, schema=schema, beside=beside)
    tokenizer = open_tokenizer(base)
    special = special_tokens(tokenizer)
    limit = position_limit(base, read_json(base / "config.json"))
    labels = labels_of(settings, window=min(limit, 512) - sum(map(len, special)))
    mask = tokenizer.token_to_id("[MASK]")
    if mask is None and (settings.hide or settings.hide_mentions):
        raise ConfigError(f"{base} has no [MASK] token: set hide and hide_mentions to 0")

    def cut(items: Sequence[AnnotatedDocument], place: int) -> list[Example]:
        return examples_of(
            items, place, settings=settings, labels=labels,
            tokenizer=tokenizer, special=special, schema=schema,
        )  # fmt: skip

    learned = [example for place, own in enumerate(corpora) for example in cut(own.training, place)]
    if not learned:
        raise ConfigError(
            "no two identified mentions of categories that a corpus relates are in one window: see "
            "that the corpora give identifiers, and that categories and pairs name what they have"
        )
    measured: dict[int, Measured] = {
        place: (cut(own.development, place), own.development)
        for place, own in enumerate(corpora)
        if own.development
    }
    shown = {place: _first(own, settings.measure) for place, own in measured.items()}
    start = start_path(settings.start_from, beside)
    task = RelationTask(learned, shown, settings, labels, mask=mask or 0, start_from=start)
    return PreparedTask(task, measured, corpora, learned[0])


def _check_terms(settings: RelationSettings, schema: Schema) -> None:
    """Raise where the settings name a category or a predicate that the schema hasn't."""
    predicates = [p for own in settings.corpora for p in own.predicates.values()]
    for kind, names, known in (
        ("category", settings.categories, schema.categories),
        ("predicate", predicates, schema.predicates),
    ):
        for name in names:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(known)}"
                raise ConfigError(f"the schema has no {kind} {name!r}; {hint}")


def train_relations(
    settings: RelationSettings,
    folder: Path,
    *,
    beside: Path,
    final: int | None = None,
    thresholds: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> RelationReport:
    """Train a relation model, or go on training it, and export it to ``folder/model``.

    Thresholds and probabilities are set on the development documents, so the measures there are
    those of the best threshold; a final training, which measures nothing, takes them from the
    measured one.

    Args:
        settings: what the configuration file says.
        folder: for checkpoints, measures and the finished model.
        beside: the folder that file names in ``settings`` are relative to.
        final: train on the development files too, measure nothing, and keep the weights of this
            epoch: that which a run with development files found best.
        thresholds: folder of that run; needed with ``final``, and only there.
        progress: see ``train``.

    Raises:
        ConfigError, InputError: a corpus or the base is absent or unfit; one of ``final`` and
            ``thresholds`` without the other, or thresholds of another configuration.
        MissingExtraError: the extra ``train`` is not installed.
    """
    require_training(*(("scipy", "sklearn") if settings.bag.share else ()))
    from kgbuild.training.loop import train
    from kgbuild.training.relation_export import export_relations
    from kgbuild.training.relation_model import RelationNet

    base = encoder_beside(settings.training.base, beside)
    training = settings.training.model_copy(update={"base": str(base)})
    if final is not None:
        settings = settings.final()
    prepared = prepare_task(settings, base, beside=beside)
    known = _calibrated(prepared.task.labels, settings, final, thresholds)
    result = train(prepared.task, training, folder, stop_after=final, progress=progress)
    assert isinstance(result.model, RelationNet)
    bag = _learned_bag(prepared, settings)
    labels, measures = _judge(result.model, prepared, bag)
    labels = known or labels
    export_relations(
        result.model, labels, folder / "model",
        tokenizer=base / "tokenizer.json", sample=prepared.sample.unit, measures=measures, bag=bag,
    )  # fmt: skip
    return RelationReport(
        folder / "model",
        measures,
        {own.name: len(own.training) for own in prepared.corpora},
        {own.name: own.dropped for own in prepared.corpora},
        result.trained_share,
    )


def _calibrated(
    labels: RelationLabels, settings: RelationSettings, final: int | None, thresholds: Path | None
) -> RelationLabels | None:
    """Return the labels as the measured run calibrated them; None where this run will do so."""
    from kgbuild.checkpoints import read_json
    from kgbuild.extractors.relation_labels import RelationLabels
    from kgbuild.extractors.relation_model import DESCRIPTION_FILE

    if final is None and thresholds is None:
        return None
    if final is None or thresholds is None:
        raise ConfigError(
            "a final training takes its thresholds from a measured one, since it measures "
            "nothing: give both the epoch (--final) and that training's folder (--thresholds)"
        )
    path = thresholds / "model" / DESCRIPTION_FILE
    said = read_json(path)
    measured = RelationLabels.from_json(said, source=str(path))
    if bool(said.get("bag")) != bool(settings.bag.share):
        raise ConfigError(
            f"{path} was measured {'with' if said.get('bag') else 'without'} regressions beside "
            "the network, this training is the other way: give both the same bag.share"
        )
    return labels.calibrated_as(measured, source=str(path))


def _learned_bag(prepared: PreparedTask, settings: RelationSettings) -> BagModel | None:
    if not settings.bag.share:
        return None
    from kgbuild.training.relation_bag import fit_bag

    task = prepared.task
    return fit_bag(task.training, task.labels, settings.bag)


def _judge(
    model: RelationNet, prepared: PreparedTask, bag: BagModel | None
) -> tuple[RelationLabels, dict[str, float]]:
    """Return the labels calibrated on all development documents, and the measures there."""
    import torch

    from kgbuild.training.relation_measure import (
        best_threshold,
        calibrate,
        gold_pairs,
        measure,
        verdicts,
    )

    labels = prepared.task.labels
    found: dict[int, list[Verdict]] = {}
    gold: dict[int, set[Pair]] = {}
    measures: dict[str, float] = {}
    with torch.no_grad():
        for place, (examples, documents) in prepared.measured.items():
            rows = prepared.task.predict(model, examples, torch.device("cpu"))
            if bag is not None:
                rows = [
                    bag.joined(row, example.item, example.unit, labels.conventions)
                    for row, example in zip(rows, examples, strict=True)
                ]
            own = found[place] = verdicts(examples, rows, labels, place)
            wanted = gold[place] = gold_pairs(documents, labels.conventions[place])
            scores = measure(own, wanted, best_threshold(own, wanted))
            name = labels.conventions[place].name
            measures |= {f"{name} {key}": value for key, value in scores.items()}
    return calibrate(labels, found, gold), measures


def _first(measured: Measured, count: int | None) -> Measured:
    """Return the first ``count`` documents and their windows; None is all."""
    examples, documents = measured
    kept = documents[:count]
    ids = {item.document.id for item in kept}
    return [example for example in examples if example.document in ids], kept
