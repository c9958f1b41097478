"""Classical relation extractors: naive Bayes and a random forest on a bag of features.

What a pair is described by: the words between the two closest mentions, the words just before and
after them, whether these share a sentence, and the numbers that the neural model gets too (how
often, where and how near the two are named). They train in seconds and have no idea of a sentence;
they are here so that what a neural model gains can be seen in one table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from kgbuild.errors import MissingExtraError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.extractors.relation_labels import Convention
    from kgbuild.extractors.relation_units import RelationUnit
    from kgbuild.records import AnnotatedDocument, Mention
    from kgbuild.training.relation_data import Example

__all__ = ["BASELINES", "BaselineName", "RelationBaseline", "describe_pair"]

BaselineName = Literal["naive bayes", "random forest"]
BASELINES: tuple[BaselineName, ...] = ("naive bayes", "random forest")

_WORD = re.compile(r"[^\W\d_]{2,}|[<>=±]")
_BESIDE = 3
_FARTHEST = 400


def describe_pair(item: AnnotatedDocument, unit: RelationUnit, pair: tuple[int, int]) -> list[str]:
    """Return the features of a pair of the unit, each a text; repeated ones count."""
    one, other = (unit.entities[place].mentions for place in pair)
    first, second = _closest(one, other)
    text = item.document.text
    between = text[first.end : second.start] if second.start - first.end <= _FARTHEST else ""
    inside = [word.lower() for word in _WORD.findall(between)]
    before = [w.lower() for w in _WORD.findall(text[max(0, first.start - 60) : first.start])]
    after = [w.lower() for w in _WORD.findall(text[second.end : second.end + 60])]
    turned = first in other
    found = [f"between {word}" for word in inside]
    found += [f"between {a} {b}" for a, b in pairwise(inside)]
    found += [f"before {word}" for word in before[-_BESIDE:]]
    found += [f"after {word}" for word in after[:_BESIDE]]
    ends = "-".join(str(unit.entities[place].kind) for place in pair)
    together = any(s.start <= first.start and second.end <= s.end for s in item.sentences)
    found += [f"ends {ends}", f"ends {ends} {'turned' if turned else 'straight'}"]
    found += [f"together {together} {ends}", f"length {min(len(inside), 12)}"]
    return found


def _closest(one: Sequence[Mention], other: Sequence[Mention]) -> tuple[Mention, Mention]:
    """Return the closest two mentions of two entities, in order of start."""
    pairs = ((a, b) if a.start <= b.start else (b, a) for a in one for b in other)
    return min(pairs, key=lambda pair: (max(0, pair[1].start - pair[0].end), pair[0].start))


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
            from sklearn.feature_extraction import FeatureHasher
        except ImportError:
            raise MissingExtraError("train", needed_for="the classical baselines") from None
        self._kind, self._convention, self._place, self._seed = kind, convention, place, seed
        self._hasher = FeatureHasher(1 << 14, input_type="string", alternate_sign=False)
        self._types: Any = None
        self._novel: Any = None

    def fit(self, examples: Sequence[Example], items: Mapping[str, AnnotatedDocument]) -> None:
        """Learn from the windows of documents, all pairs that the convention says anything of."""
        import numpy as np

        rows = self._matrix(examples, items)
        types = np.concatenate([example.types[self._place] for example in examples])
        novel = np.concatenate([example.novel[self._place] for example in examples])
        known = types >= 0
        self._types = self._new().fit(rows[known], types[known])
        if self._convention.novelty and len(set(novel[novel >= 0].tolist())) == 2:
            self._novel = self._new().fit(rows[novel >= 0], novel[novel >= 0])

    def predict(
        self,
        examples: Sequence[Example],
        items: Mapping[str, AnnotatedDocument],
        *,
        columns: int,
        start: int,
    ) -> list[NDArray[np.float32]]:
        """Return rows like the neural model's, ``(pairs, columns)``; ``start`` is our first."""
        import numpy as np

        rows = self._matrix(examples, items)
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

    def _matrix(self, examples: Sequence[Example], items: Mapping[str, AnnotatedDocument]) -> Any:
        """Return one sparse row a pair; numbers are cut into steps for naive Bayes' sake."""
        import numpy as np
        from scipy.sparse import csr_matrix, hstack

        def texts() -> Iterator[list[str]]:
            for example in examples:
                item = items[example.document]
                for i, j in example.unit.pairs.tolist():
                    yield describe_pair(item, example.unit, (i, j))

        numbers = np.concatenate([example.unit.features for example in examples])
        steps = np.clip(numbers - numbers.min(axis=0, initial=0.0), 0, None)
        return hstack([self._hasher.transform(texts()), csr_matrix(steps)]).tocsr()
