"""Learning how to order similar names: what ``kgbuild train ranking`` does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kgbuild.errors import ConfigError
from kgbuild.normalizer.reranking import OWN, RANKING_FILE, SAID, Reranker, Rival, TextContext
from kgbuild.training.settings_file import encoder_beside, named_or_file
from kgbuild.training.synonyms import is_for_ranking, linked_documents

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kgbuild.normalizer.linker import Linker
    from kgbuild.records import AnnotatedDocument
    from kgbuild.training.ranking_settings import RankingSettings

__all__ = ["RankingReport", "train_ranking"]


@dataclass(frozen=True, slots=True)
class RankingReport:
    """What a training gave, and by corpus what it was learned from and measured on.

    ``right`` is of development mentions that no name equals and whose term is near: how many
    there are, how many the nearest gets right, and how many the ranking.
    """

    file: Path
    mentions: Mapping[str, int]
    right: Mapping[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class _Choice:
    """A mention's rivals, and which of them are right."""

    rivals: Sequence[Rival]
    context: TextContext
    right: NDArray[np.bool_]


def train_ranking(settings: RankingSettings, folder: Path, *, beside: Path) -> RankingReport:
    """Learn a ranking of what an encoder finds, and write it to ``folder/ranking.json``.

    It is learned from the training documents that the encoder's training left out, since an
    encoder is nearly always right about mentions that it has seen.

    Args:
        settings: what the configuration file says.
        folder: to write to.
        beside: the folder that file names in ``settings`` are relative to.

    Raises:
        ConfigError, InputError, VocabularyError: a corpus, vocabulary or encoder is absent or
            unfit, or no mention has both a right and a wrong candidate.
        MissingExtraError: the extra ``train`` is not installed.
    """
    linker = _linker(settings, beside)
    training, development, _ = linked_documents(settings, beside=beside)
    learned = {
        name: list(
            _choices(
                [item for item in items if is_for_ranking(item, settings.keep_for_ranking)], linker
            )
        )
        for name, items in training.items()
    }
    every = [one for choices in learned.values() for one in choices if not one.right.all()]
    if not every:
        raise ConfigError(
            "nothing to learn a ranking from: no mention of a training document has a right and "
            "a wrong candidate; see that the corpora's identifiers are those of the vocabularies"
        )
    ranking = _fit(every, settings)
    folder.mkdir(parents=True, exist_ok=True)
    ranking.write(folder / RANKING_FILE)
    measured = {name: list(_choices(items, linker)) for name, items in development.items()}
    return RankingReport(
        folder / RANKING_FILE,
        {name: len(choices) for name, choices in learned.items()},
        {
            name: (
                len(choices),
                sum(bool(one.right[0]) for one in choices),
                sum(_is_right(one, ranking) for one in choices),
            )
            for name, choices in measured.items()
        },
    )


def _linker(settings: RankingSettings, beside: Path) -> Linker:
    from kgbuild.components import make_components, prepare
    from kgbuild.config import Config, GroundingConfig
    from kgbuild.normalizer.linker import Linker

    config = Config(
        schema=named_or_file(settings.schema_, beside),
        vocabularies=[named_or_file(name, beside) for name in settings.vocabularies],
        grounding=GroundingConfig(
            dense="on", encoder=str(encoder_beside(settings.encoder, beside)), without=["ranking"]
        ),
    )
    linker = make_components(prepare(config)).grounder
    assert isinstance(linker, Linker)
    return linker


def _choices(items: Sequence[AnnotatedDocument], linker: Linker) -> Iterator[_Choice]:
    """Yield the choices among rivals of which one at least is right."""
    lexicon, schema = linker.lexicon, linker.schema
    for item in items:
        gold: dict[str, set[str]] = defaultdict(set)
        for grounding in item.groundings:
            if grounding.curie:
                gold[grounding.mention].add(grounding.curie)
        for mention, rivals, context in linker.rivals(item):
            wanted = gold[mention.id]
            right = np.array(
                [
                    not wanted.isdisjoint(
                        [own.candidate.curie]
                        + [schema.curie(x) for x in lexicon.term(own.candidate.curie).xrefs]
                    )
                    for own in rivals
                ],
                dtype=bool,
            )
            if right.any():
                yield _Choice(rivals, context, right)


def _is_right(choice: _Choice, ranking: Reranker) -> bool:
    best = ranking.order(choice.rivals, choice.context)[0]
    return bool(choice.right[choice.rivals.index(best)])


def _fit(choices: Sequence[_Choice], settings: RankingSettings) -> Reranker:
    """Return the weights that make right rivals likeliest (softmax over each mention's)."""
    from scipy.optimize import minimize

    rows = [
        np.array(
            [
                [
                    *own.own_signs(),
                    *own.said_signs(one.context),
                    *(own.is_of(kinds) == kind for kind in kinds),
                ]
                for own in one.rivals
            ],
            dtype=float,
        )
        for kinds in [settings.kinds]
        for one in choices
    ]
    scale = np.vstack(rows).std(axis=0)
    scale[scale == 0] = 1.0
    signs = np.vstack(rows) / scale
    right = np.concatenate([one.right for one in choices])
    starts = np.cumsum([0, *(len(own) for own in rows[:-1])])
    sizes = np.array([len(own) for own in rows])

    def share(scores: NDArray[np.float64], kept: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each rival's share of its mention's kept rivals."""
        top = np.maximum.reduceat(np.where(kept > 0, scores, -np.inf), starts)
        weights = kept * np.exp(np.minimum(scores - np.repeat(top, sizes), 50.0))
        return np.asarray(weights / np.repeat(np.add.reduceat(weights, starts), sizes))

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = signs @ weights
        every, good = share(scores, np.ones(len(scores))), share(scores, right.astype(float))
        chance = np.add.reduceat(every * right, starts)
        cost = -np.log(chance).mean() + settings.decay * float(weights @ weights)
        slope = signs.T @ (every - good) / len(rows) + 2 * settings.decay * weights
        return float(cost), slope

    found = minimize(loss, np.zeros(signs.shape[1]), jac=True, method="L-BFGS-B").x / scale
    weights = [round(float(weight), 3) for weight in found]
    signs = (*OWN, *SAID)
    kinds = dict(zip(settings.kinds, weights[len(signs) :], strict=True))
    return Reranker(**dict(zip(signs, weights, strict=False)), kinds=kinds)
