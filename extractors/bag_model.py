"""A linear model of pairs as bags of features: a second opinion beside the neural network.

For each convention it says, by logistic regressions of their own, whether a pair is related, in
which type if it is, and whether that is new. It errs elsewhere than the network, so that the mean
of both finds more of what is right than either.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import ConfigError
from kgbuild.extractors.pair_bag import BUCKETS, FEATURES, PairBag

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.extractors.relation_labels import Convention, RelationLabels
    from kgbuild.extractors.relation_units import RelationUnit
    from kgbuild.records import AnnotatedDocument

__all__ = ["BAG_FILE", "BagModel", "bag_rows"]

BAG_FILE = "relations.npz"
_LENGTH = 3.0


def bag_rows(
    item: AnnotatedDocument, unit: RelationUnit
) -> tuple[list[NDArray[np.int64]], NDArray[np.float32]]:
    """Return each pair's buckets and what each of these counts; rows are equally long vectors."""
    import numpy as np

    buckets = PairBag(item, unit).buckets()
    return buckets, np.array([_LENGTH / np.sqrt(len(own)) for own in buckets], dtype=np.float32)


@dataclass(frozen=True)
class BagModel:
    """Weights of the regressions.

    Attributes:
        weights: ``(BUCKETS, columns)`` int8; for each convention a column for related, one for
            each type, and one for novelty where it has that.
        scale: ``(columns,)``: of the weights.
        numbers: ``(features, columns)``: weights of the pair's row of features.
        bias: ``(columns,)``.
        share: how much this model counts, beside ``1 - share`` for the network.
    """

    weights: NDArray[np.int8]
    scale: NDArray[np.float32]
    numbers: NDArray[np.float32]
    bias: NDArray[np.float32]
    share: float

    def save(self, path: Path) -> None:
        """Write the model to an .npz file."""
        import numpy as np

        np.savez_compressed(
            path, weights=self.weights, scale=self.scale, numbers=self.numbers, bias=self.bias,
            share=np.array(self.share), features=np.array(FEATURES),
        )  # fmt: skip

    @classmethod
    def open(cls, path: Path, *, labels: RelationLabels) -> BagModel:
        """Open a model for the labels' conventions and layout.

        Raises:
            ConfigError: the file is none, or one for other labels.
        """
        import numpy as np

        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
                arrays = {name: held[name] for name in ("weights", "scale", "numbers", "bias")}
                model = cls(**arrays, share=float(held["share"]))
                features = int(held["features"])
        except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
            raise ConfigError(
                f"{path} can't be read ({error}): expected the file that `kgbuild train relations` "
                "wrote; make it again"
            ) from error
        columns = labels.columns
        shapes = [own.shape for own in (model.weights, model.numbers, model.scale, model.bias)]
        expected = [(BUCKETS, columns), (labels.layout.width, columns), (columns,), (columns,)]
        if shapes != expected:
            raise ConfigError(
                f"{path} has arrays of {shapes}, expected {expected}: it belongs to another model; "
                "train it again"
            )
        if features != FEATURES:
            raise ConfigError(
                f"{path} weighs features of version {features}, expected {FEATURES}: it belongs to "
                "another version of kgbuild; train it again"
            )
        return model

    def logits(self, item: AnnotatedDocument, unit: RelationUnit) -> NDArray[np.float32]:
        """Return ``(pairs, columns)``."""
        import numpy as np

        rows, counts = bag_rows(item, unit)
        words = np.zeros((len(rows), len(self.scale)), dtype=np.float32)
        for place, own in enumerate(rows):
            words[place] = self.weights[own].sum(axis=0, dtype=np.int32)
        found: NDArray[np.float32] = (
            words * counts[:, None] * self.scale + unit.features @ self.numbers + self.bias
        )
        return found

    def joined(
        self,
        network: NDArray[np.float32],
        item: AnnotatedDocument,
        unit: RelationUnit,
        conventions: Sequence[Convention],
    ) -> NDArray[np.float32]:
        """Return the network's logits, ``(pairs, columns)``, with this model's opinion mixed in."""
        import numpy as np

        own = self.logits(item, unit)
        result = np.empty_like(network)
        start = 0
        for convention in conventions:
            stop = start + convention.columns
            result[:, start:stop] = _mixed(
                network[:, start:stop], own[:, start:stop], convention, self.share
            )
            start = stop
        return result


def _mixed(
    network: NDArray[np.float32], own: NDArray[np.float32], convention: Convention, share: float
) -> NDArray[np.float32]:
    """Return logits of the means of probabilities: related, types of the related, novelty."""
    import numpy as np

    last = 1 + len(convention.types)
    none = _softmax(network[:, :last])[:, :1]
    related = share * _sigmoid(own[:, :1]) + (1 - share) * (1 - none)
    kinds = share * _softmax(own[:, 1:last]) + (1 - share) * _softmax(network[:, 1:last])
    columns = [1 - related, related * kinds]
    mixed: NDArray[np.float32] = np.log(np.concatenate(columns, axis=1).clip(1e-9))
    if convention.novelty:
        novel = share * _sigmoid(own[:, last:]) + (1 - share) * _sigmoid(network[:, last:])
        mixed = np.concatenate([mixed, np.log(novel / (1 - novel))], axis=1)
    return mixed


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    import numpy as np

    shares = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
    return result


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    import numpy as np

    result: NDArray[np.float64] = 1 / (1 + np.exp(-logits.astype(np.float64).clip(-15, 15)))
    return result
