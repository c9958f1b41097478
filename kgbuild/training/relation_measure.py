"""Measuring and calibrating a relation model on documents with gold entities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from kgbuild.evaluation.relations import Pair, score_biored
from kgbuild.training.relation_data import gold_relations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kgbuild.extractors.relation_labels import Convention, RelationLabels
    from kgbuild.records import AnnotatedDocument
    from kgbuild.training.relation_data import Example

__all__ = ["Verdict", "best_threshold", "calibrate", "gold_pairs", "measure", "verdicts"]

_AS_GOOD = 0.002


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a model says of two identifiers of a document, over all windows that show both."""

    document: str
    first: str
    second: str
    related: float
    type: str
    novel: bool | None

    @property
    def pair(self) -> Pair:
        """The verdict as a pair to be scored."""
        return Pair(self.document, self.first, self.second, self.type, self.novel)


def verdicts(
    examples: Sequence[Example],
    logits: Sequence[NDArray[np.float32]],
    labels: RelationLabels,
    convention: int,
) -> list[Verdict]:
    """Return one convention's verdicts, the surest first; of several windows the surest counts."""
    own = labels.conventions[convention]
    best: dict[tuple[str, str, str], Verdict] = {}
    for example, rows in zip(examples, logits, strict=True):
        unit = example.unit
        kinds = [(unit.entities[i].kind, unit.entities[j].kind) for i, j in unit.pairs.tolist()]
        judged = labels.judge(rows, kinds)[convention]
        kind = judged.types.argmax(axis=1)
        for place, (i, j) in enumerate(unit.pairs.tolist()):
            names = labels.layout.categories
            if (names[kinds[place][0]], names[kinds[place][1]]) not in own.pairs:
                continue
            one, other = sorted((unit.entities[i].key, unit.entities[j].key))
            related = float(judged.related[place])
            key = example.document, one, other
            if key not in best or best[key].related < related:
                novel = None if judged.novel is None else bool(judged.novel[place] > 0.5)
                best[key] = Verdict(*key, related, own.types[int(kind[place])], novel)
    return sorted(best.values(), key=lambda verdict: -verdict.related)


def gold_pairs(items: Sequence[AnnotatedDocument], convention: Convention) -> set[Pair]:
    """Return what the corpus says, whether the model can reach it or not."""
    return {
        Pair(item.document.id, one, other, type_, novel if convention.novelty else None)
        for item in items
        for (one, other), said in gold_relations(item).items()
        for type_, novel in said
        if type_ in convention.types
    }


def best_threshold(found: Sequence[Verdict], gold: set[Pair]) -> float:
    """Return the probability from which on the F1 of pairs is best; ``found`` is sorted.

    Of those that are as good but for ``_AS_GOOD`` the highest: less is found, and more of it right.
    """
    wanted = {pair.at("pair") for pair in gold}
    right, scores = 0, []
    for count, verdict in enumerate(found, 1):
        right += verdict.pair.at("pair") in wanted
        scores.append(2 * right / (count + len(wanted)))
    if not scores:
        return 0.5
    good = max(scores) - _AS_GOOD
    place = next(n for n, f1 in enumerate(scores) if f1 >= good)
    following = found[place + 1].related if place + 1 < len(found) else 0.0
    return (found[place].related + following) / 2


def measure(found: Sequence[Verdict], gold: set[Pair], threshold: float) -> dict[str, float]:
    """Return precision and recall of pairs, and F1 at each of BioRED's levels."""
    chosen = {v.pair for v in found if v.related >= threshold}
    scores = score_biored(gold, chosen)
    return {
        "precision": scores["pair"].precision,
        "recall": scores["pair"].recall,
        **{str(level): score.f1 for level, score in scores.items()},
    }


def calibrate(
    labels: RelationLabels,
    found: Mapping[int, Sequence[Verdict]],
    gold: Mapping[int, set[Pair]],
) -> RelationLabels:
    """Return the labels with the thresholds that are best, and probabilities that come true.

    Log odds are scaled and shifted to the least log loss (Platt 1999); conventions that ``found``
    lacks stay as they are.
    """
    conventions = list(labels.conventions)
    for place, own in found.items():
        if not own:
            continue
        wanted = {pair.at("pair") for pair in gold[place]}
        truth = np.array([v.pair.at("pair") in wanted for v in own], dtype=float)
        odds = np.array([_odds(v.related) for v in own])
        slope, bias = _fit(odds, truth)
        threshold = _odds(best_threshold(own, gold[place]))
        convention = conventions[place]
        conventions[place] = replace(
            convention,
            # Verdicts were made with the slope and bias before: these come on top of them.
            slope=slope * convention.slope,
            bias=slope * convention.bias + bias,
            threshold=float(1 / (1 + np.exp(-(slope * threshold + bias)))),
        )
    return replace(labels, conventions=tuple(conventions))


def _odds(probability: float) -> float:
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return float(np.log(bounded / (1 - bounded)))


def _fit(odds: NDArray[np.float64], truth: NDArray[np.float64]) -> tuple[float, float]:
    """Return slope and bias of a logistic regression on one number, by Newton's method."""
    slope, bias = 1.0, 0.0
    for _ in range(25):
        chance = 1 / (1 + np.exp(-(slope * odds + bias)))
        spread = chance * (1 - chance) + 1e-9
        gradient = np.array([((chance - truth) * odds).sum(), (chance - truth).sum()])
        hessian = np.array(
            [
                [(spread * odds * odds).sum() + 1e-3, (spread * odds).sum()],
                [(spread * odds).sum(), spread.sum() + 1e-3],
            ]
        )
        step = np.linalg.solve(hessian, gradient)
        slope, bias = slope - float(step[0]), bias - float(step[1])
    return slope, bias
