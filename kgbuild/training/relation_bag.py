"""Training the linear model that judges pairs beside the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kgbuild.extractors.bag_model import BagModel, bag_rows
from kgbuild.extractors.pair_bag import BUCKETS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.extractors.relation_labels import RelationLabels
    from kgbuild.training.relation_data import Example
    from kgbuild.training.relation_settings import BagSettings

__all__ = ["bag_matrix", "fit_bag"]

_NEVER = -20.0
_ROUNDS = 300


def fit_bag(examples: Sequence[Example], labels: RelationLabels, settings: BagSettings) -> BagModel:
    """Learn from windows, for each convention all pairs that it says anything of.

    A convention without such a pair is never related.

    Args:
        examples: windows of all corpora.
        labels: of the model.
        settings: of the regressions.
    """
    import numpy as np

    weights = np.zeros((BUCKETS + labels.layout.width, labels.columns), dtype=np.float32)
    bias = np.full(labels.columns, _NEVER, dtype=np.float32)
    start = 0
    for place, convention in enumerate(labels.conventions):
        stop = start + convention.columns
        own = [example for example in examples if (example.types[place] >= 0).any()]
        if not own:
            start = stop
            continue
        types = np.concatenate([example.types[place] for example in own])
        novel = np.concatenate([example.novel[place] for example in own])
        rows = bag_matrix(own)

        def learn(
            columns: slice, chosen: NDArray[np.bool_], truth: NDArray[np.int64], strength: float,
            rows: Any = rows,
        ) -> None:  # fmt: skip
            found = _regression(rows[chosen], truth[chosen], columns.stop - columns.start, strength)
            weights[:, columns], bias[columns] = found

        last = start + 1 + len(convention.types)
        related = (types > 0).astype(np.int64)
        learn(slice(start, start + 1), types >= 0, related, settings.related)
        learn(slice(start + 1, last), types > 0, types - 1, settings.type)
        if convention.novelty:
            learn(slice(last, stop), novel >= 0, novel, settings.novelty)
        start = stop
    scale = np.maximum(np.abs(weights[:BUCKETS]).max(axis=0) / 127, 1e-9)
    return BagModel(
        weights=np.rint(weights[:BUCKETS] / scale).astype(np.int8),
        scale=scale,
        numbers=weights[BUCKETS:],
        bias=bias,
        share=settings.share,
    )


def bag_matrix(examples: Sequence[Example]) -> Any:
    """Return a sparse row for each pair of the windows: its buckets, then its numbers."""
    import numpy as np
    from scipy.sparse import csr_matrix, hstack

    places, values, ends = [], [], [0]
    for example in examples:
        rows, counts = bag_rows(example.item, example.unit)
        for own, count in zip(rows, counts.tolist(), strict=True):
            places.append(own)
            values.append(np.full(len(own), count, dtype=np.float32))
            ends.append(ends[-1] + len(own))
    joined = np.concatenate(values), np.concatenate(places), np.array(ends)
    bags = csr_matrix(joined, shape=(len(places), BUCKETS))
    numbers = np.concatenate([example.unit.features for example in examples])
    return hstack([bags, csr_matrix(numbers)]).tocsr()


def _regression(
    rows: Any, labels: NDArray[np.int64], columns: int, strength: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weights ``(features, columns)`` and bias; one column says yes or no.

    A label that isn't in the data is never given.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    weights = np.zeros((rows.shape[1], columns), dtype=np.float32)
    bias = np.full(columns, _NEVER, dtype=np.float32)
    seen = np.unique(labels)
    if len(seen) < 2:
        bias[seen[seen < columns] if columns > 1 else slice(0, int(seen.sum()))] = -_NEVER
        return weights, bias
    fitted = LogisticRegression(C=strength, max_iter=_ROUNDS).fit(rows, labels)
    found, offsets = fitted.coef_.T, fitted.intercept_
    if columns > 1 and len(seen) == 2:
        found, offsets = np.hstack([-found / 2, found / 2]), np.array([-offsets[0], offsets[0]]) / 2
    places = seen if columns > 1 else np.array([0])
    weights[:, places], bias[places] = found, offsets
    return weights, bias
