"""Classical relation extractors: naive Bayes and a random forest on a pair's bag of features.

The features are those of ``kgbuild.extractors.pair_bag``. They train in seconds to minutes and have
no idea of a sentence; they are here so that what a neural model gains can be seen in one table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from kgbuild.errors import MissingExtraError
from kgbuild.extractors.pair_bag import BUCKETS
from kgbuild.training.relation_bag import bag_matrix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.extractors.relation_labels import Convention
    from kgbuild.training.relation_data import Example

__all__ = ["BASELINES", "BaselineName", "RelationBaseline"]

BaselineName = Literal["naive bayes", "random forest"]
BASELINES: tuple[BaselineName, ...] = ("naive bayes", "random forest")


class RelationBaseline:
    """A classifier of pairs for one convention.

    Args:
        kind: which.
        convention: whose types (and novelty) it learns.
        place: of the convention among the labels.
        seed: of the forest.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """

    def __init__(
        self, kind: BaselineName, convention: Convention, *, place: int, seed: int = 0
    ) -> None:
        try:
            import sklearn  # noqa: F401
        except ImportError:
            raise MissingExtraError("train", needed_for="the classical baselines") from None
        self._kind, self._convention, self._place, self._seed = kind, convention, place, seed
        self._types: Any = None
        self._novel: Any = None

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn from the windows of documents, all pairs that the convention says anything of."""
        import numpy as np

        rows = _bags(examples)
        types = np.concatenate([example.types[self._place] for example in examples])
        novel = np.concatenate([example.novel[self._place] for example in examples])
        known = types >= 0
        self._types = self._new().fit(rows[known], types[known])
        if self._convention.novelty and len(set(novel[novel >= 0].tolist())) == 2:
            self._novel = self._new().fit(rows[novel >= 0], novel[novel >= 0])

    def predict(
        self, examples: Sequence[Example], *, columns: int, start: int
    ) -> list[NDArray[np.float32]]:
        """Return rows like the neural model's, ``(pairs, columns)``; ``start`` is our first."""
        import numpy as np

        rows = _bags(examples)
        logits = np.full((rows.shape[0], columns), -20.0, dtype=np.float32)
        chances = np.log(self._types.predict_proba(rows) + 1e-9)
        for column, kind in enumerate(self._types.classes_.tolist()):
            logits[:, start + kind] = chances[:, column]
        if self._novel is not None:
            both = np.log(self._novel.predict_proba(rows) + 1e-9)
            logits[:, start + self._convention.columns - 1] = both[:, 1] - both[:, 0]
        bounds = np.cumsum([len(example.unit.pairs) for example in examples])[:-1]
        return np.split(logits, bounds)

    def _new(self) -> Any:
        if self._kind == "naive bayes":
            from sklearn.naive_bayes import MultinomialNB

            return MultinomialNB(alpha=0.3)
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(
            200, min_samples_leaf=2, class_weight="balanced_subsample", random_state=self._seed
        )


def _bags(examples: Sequence[Example]) -> Any:
    return bag_matrix(examples)[:, :BUCKETS]
