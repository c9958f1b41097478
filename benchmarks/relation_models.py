"""Relation extractors of every kind on the development splits, gold mentions and identifiers.

    python benchmarks/relation_models.py                       the shipped model beside the others
    python benchmarks/relation_models.py --fp32 FOLDER         what int8 costs
    python benchmarks/relation_models.py --roads FOLDER ...    the best epoch of trainings

Scores are BioCreative's: document, unordered pair of identifiers, type, novelty. BioRED's "pair"
counts any type; CID counts chemical-induced disease only. Predictions between categories that a
corpus doesn't relate are left out, since nothing says whether they are right. The neural model and
the classical ones are cut at the threshold that was best on these very splits; patterns have none.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kgbuild.config_relations import ModelRelationsConfig
from kgbuild.evaluation.relations import Pair, induced_pairs, relation_pairs, score_biored
from kgbuild.extractors.agreement import settle
from kgbuild.extractors.bag_model import BAG_FILE, BagModel
from kgbuild.extractors.cooccurrence import CooccurrenceExtractor
from kgbuild.extractors.patterns import PatternExtractor
from kgbuild.extractors.relation_model import RelationModel, feed_of
from kgbuild.extractors.trained_relations import SHIPPED_MODEL, TrainedRelationExtractor
from kgbuild.ontologies.schema import Schema
from kgbuild.protocols import RelationExtractor
from kgbuild.records import AnnotatedDocument, Relation
from kgbuild.training.relation_baselines import BASELINES, BaselineName, RelationBaseline
from kgbuild.training.relation_measure import best_threshold, gold_pairs, measure, verdicts
from kgbuild.training.relation_settings import RelationSettings
from kgbuild.training.relations import PreparedTask, prepare_task
from kgbuild.training.settings_file import resolve
from kgbuild.yaml_models import read_model

Logits = Sequence[NDArray[Any]]
CONFIG = SHIPPED_MODEL / "relations.yaml"
HEAD = (
    f"{'':<34} {'CID P':>6} {'R':>6} {'F1':>6}   "
    f"{'pair P':>6} {'R':>6} {'F1':>6} {'type':>6} {'novel':>6} {'all':>6}"
)


def row(name: str, cid: Sequence[float], biored: Sequence[float]) -> None:
    """Print one line of the table, in per cent; what isn't measured is a dash."""

    def cells(values: Sequence[float]) -> str:
        return " ".join("     -" if v != v else f"{100 * v:>6.1f}" for v in values)  # noqa: PLR0124

    print(f"{name:<34} {cells(cid)}   {cells(biored)}", flush=True)


class Corpora:
    """The development documents of both corpora with their gold pairs."""

    def __init__(self, prepared: PreparedTask, schema: Schema) -> None:
        self.schema = schema
        biored, cid = prepared.corpora
        self.biored, self.cid = list(biored.development), list(cid.development)
        conventions = prepared.task.labels.conventions
        self.gold_biored = gold_pairs(self.biored, conventions[0])
        self.gold_cid = {pair.at("pair") for pair in gold_pairs(self.cid, conventions[1])}
        self.allowed = conventions[0].pairs

    def show(self, name: str, extract: Callable[..., list[tuple[Relation, ...]]]) -> None:
        """Print the scores of an extractor of relations."""
        related = self._with(self.cid, extract)
        found = induced_pairs(related, schema=self.schema)
        cid = score_biored(self.gold_cid, {pair.at("pair") for pair in found})["pair"]
        related = self._with(self.biored, extract)
        scores = score_biored(self.gold_biored, relation_pairs(related, schema=self.schema))
        row(
            name,
            (cid.precision, cid.recall, cid.f1),
            (
                scores["pair"].precision, scores["pair"].recall,
                *(score.f1 for score in scores.values()),
            ),
        )  # fmt: skip

    def _with(
        self,
        items: Sequence[AnnotatedDocument],
        extract: Callable[..., list[tuple[Relation, ...]]],
    ) -> list[AnnotatedDocument]:
        bare = [replace(item, relations=()) for item in items]
        return [
            replace(item, relations=tuple(self._judged(item, relations)))
            for item, relations in zip(items, extract(bare), strict=True)
        ]

    def _judged(self, item: AnnotatedDocument, relations: Sequence[Relation]) -> Iterator[Relation]:
        category = {mention.id: mention.category for mention in item.mentions}

        def fits(one: str, other: str) -> bool:
            is_a = self.schema.is_a
            return any(is_a(one, a) and is_a(other, b) for a, b in self.allowed)

        for relation in relations:
            one, other = category[relation.subject], category[relation.object]
            if fits(one, other) or fits(other, one):
                yield relation


def classical(prepared: PreparedTask) -> None:
    """Print the classical baselines, a classifier for each corpus."""
    for kind in BASELINES:

        def predict(place: int, start: int, kind: BaselineName = kind) -> Logits:
            baseline = RelationBaseline(kind, prepared.task.labels.conventions[place], place=place)
            learned = [e for e in prepared.task.training if (e.types[place] >= 0).any()]
            baseline.fit(learned)
            columns = prepared.task.labels.columns
            examples, _ = prepared.measured[place]
            return baseline.predict(examples, columns=columns, start=start)

        both(kind, prepared, predict)


def parts(prepared: PreparedTask, folder: Path) -> None:
    """Print the two halves of the trained model, each alone."""
    labels = prepared.task.labels
    bag = replace(BagModel.open(folder / BAG_FILE, labels=labels), share=1.0)
    network = RelationModel(folder, schema=Schema.load())

    def by_words(place: int, start: int) -> Logits:
        del start
        return [
            bag.joined(
                np.zeros((len(e.unit.pairs), labels.columns), dtype=np.float32),
                e.item, e.unit, labels.conventions,
            )
            for e in prepared.measured[place][0]
        ]  # fmt: skip

    def by_network(place: int, start: int) -> Logits:
        del start
        return [network.run(feed_of(e.unit))[0] for e in prepared.measured[place][0]]

    both("logistic regressions alone", prepared, by_words)
    both("neural network alone", prepared, by_network)


def both(name: str, prepared: PreparedTask, predict: Callable[[int, int], Logits]) -> None:
    """Print the scores of logits on both corpora, each by its own convention alone."""
    labels = prepared.task.labels
    cells: dict[str, tuple[float, ...]] = {}
    start = 0
    for place, convention in enumerate(labels.conventions):
        examples, documents = prepared.measured[place]
        found = verdicts(examples, predict(place, start), labels, place)
        gold: set[Pair] = gold_pairs(documents, convention)
        scores = measure(found, gold, best_threshold(found, gold))
        keys = ["precision", "recall", "pair"]
        keys += ["type", "novelty", "all"] if place == 0 else []
        cells[convention.name] = tuple(scores[key] for key in keys)
        start += convention.columns
    row(name, cells["bc5cdr"], cells["biored"])


def joined(
    schema: Schema, *extractors: RelationExtractor
) -> Callable[..., list[tuple[Relation, ...]]]:
    """Return what several extractors find together, contradictions settled as in a build."""

    def extract(batch: Sequence[AnnotatedDocument]) -> list[tuple[Relation, ...]]:
        found = [extractor.extract(batch) for extractor in extractors]
        each = (tuple(chain.from_iterable(some)) for some in zip(*found, strict=True))
        return [settle(item, own, schema=schema) for item, own in zip(batch, each, strict=True)]

    return extract


def speed(folder: Path, items: Sequence[AnnotatedDocument], schema: Schema) -> None:
    """Print documents a second, and what share of that is the model itself, on one core."""
    extractor = TrainedRelationExtractor(folder, schema=schema, threads=1)
    model = RelationModel(folder, schema=schema, threads=1)
    feeds = [feed_of(unit) for own in model.units(items) for unit in own]
    extractor.extract(items[:5])
    started = time.process_time()
    extractor.extract(items)
    whole = time.process_time() - started
    started = time.process_time()
    for feed in feeds:
        model.run(feed)
    bare = time.process_time() - started
    print(
        f"\nspeed: {len(items) / whole:.1f} documents a second of one core, from mentions to "
        f"relations; the bare forward pass is {bare / whole:.0%} of that time"
    )


def roads(folders: Sequence[Path]) -> None:
    """Print the best epoch of each training."""
    names = ("bc5cdr pair", "biored pair", "biored type", "biored novelty", "biored all")
    print("training".ljust(28) + "".join(name.rjust(16) for name in names) + "   epoch")
    for folder in folders:
        history = json.loads((folder / "history.json").read_text("utf-8"))
        best = max(history, key=lambda epoch: epoch["score"])
        cells = "".join(f"{100 * best[name]:>16.1f}" for name in names)
        print(f"{folder.name:<28}{cells}   {best['epoch']:.0f} of {len(history)}")


def main() -> None:
    """Print the tables that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL)
    parser.add_argument("--fp32", type=Path, help="a model exported without quantization")
    parser.add_argument("--roads", type=Path, nargs="+", help="folders of trainings")
    parser.add_argument("--config", type=Path, default=CONFIG, help="names the corpora")
    options = parser.parse_args()
    if options.roads:
        roads(options.roads)
        return
    schema = Schema.load()
    settings = read_model(options.config, RelationSettings)
    base = Path(resolve(settings.training.base, options.config.parent))
    prepared = prepare_task(settings, base, beside=options.config.parent)
    corpora = Corpora(prepared, schema)
    counts = ", ".join(f"{c.name} {len(c.development)}" for c in prepared.corpora)
    print(f"development documents: {counts}\n\n{HEAD}")
    patterns = PatternExtractor(schema=schema)
    corpora.show("sentence co-occurrence", _cooccurring)
    corpora.show("patterns", patterns.extract)
    classical(prepared)
    parts(prepared, options.model)
    trained = TrainedRelationExtractor(options.model, schema=schema, named=False)
    corpora.show("trained model", trained.extract)
    if options.fp32:
        full = TrainedRelationExtractor(options.fp32, schema=schema, named=False)
        corpora.show("trained model, fp32", full.extract)
    least = ModelRelationsConfig().score
    sure = TrainedRelationExtractor(options.model, schema=schema, score=least, named=False)
    corpora.show(f"trained model, score >= {least}", sure.extract)
    corpora.show("… and patterns (the default)", joined(schema, patterns, sure))
    corpora.show("trained model and patterns", joined(schema, patterns, trained))
    speed(options.model, corpora.biored + corpora.cid[:100], schema)


def _cooccurring(batch: Sequence[AnnotatedDocument]) -> list[tuple[Relation, ...]]:
    """Return co-occurrences as if they were "causes", so that both tables can count them."""
    found = CooccurrenceExtractor().extract(batch)
    return [tuple(replace(r, predicate="causes") for r in own) for own in found]


if __name__ == "__main__":
    main()
