"""Relations by kgbuild's own trained model: all pairs of a document in one pass, without torch."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.checkpoints import file_fingerprint
from kgbuild.extractors.denial import SentenceReader
from kgbuild.extractors.relation_evidence import find_evidence
from kgbuild.extractors.relation_model import RelationModel, Scored
from kgbuild.records import AnnotatedDocument, Relation

if TYPE_CHECKING:
    from kgbuild.extractors.relation_labels import Judgement
    from kgbuild.extractors.relation_units import RelationUnit
    from kgbuild.ontologies.schema import Schema

__all__ = ["SHIPPED_MODEL", "TrainedRelationExtractor"]

SHIPPED_MODEL = Path(__file__).with_name("weights")
_VAGUE = "associated_with"


@dataclass(frozen=True, slots=True)
class _Finding:
    """What the model says of a pair of one window, before windows are compared."""

    scored: Scored
    place: int
    predicate: str
    score: float
    novel: bool | None


class TrainedRelationExtractor:
    """Finds relations with a model that ``kgbuild train relations`` made; the shipped by default.

    Entities are what groundings identify, else names. The model judges each two entities of a
    window by all that the window says of them, so that relations across sentences are found; a text
    longer than a window is cut at sentences, with overlap, and a pair counts where both are in one.

    A pair gets the most likely type of each convention that calls it related, as one of the
    schema's predicates; where one of them says more than ``associated_with``, that is left out, and
    of two directed predicates the likelier stays. Where a convention knows one type only, it has
    the last word on its predicate: what another calls so and it doesn't gets that one's more
    general predicate (a chemical and a disease that BioRED's convention holds for correlated and
    CID's not for cause and effect). Predicates with a direction run from the category that the
    model's description lists first (a chemical treats or causes a disease).

    A relation's score is the probability, calibrated on documents that the model wasn't trained on,
    that the pair is related, times that of the type. Its span is the sentence that names both and
    counted most for the pair among those that assert something of them (see
    ``kgbuild.extractors.denial``), and it is hedged if that sentence hedges. If each sentence that
    names both denies, the relation is negated. Where none names both, the span is the sentences
    from one mention to the other, and there is no relation if a denial reaches either.

    Args:
        model: folder with relations.onnx, .json and .npz, tokenizer.json and words.bin.
        schema: whose categories documents have.
        threshold: least probability of being related; default each convention's own, where its F1
            was best.
        score: least score of a relation.
        named: let mentions without identifier be entities by their name.
        threads: windows that run at once, each on one core; default all cores that the process may
            use.

    Raises:
        ConfigError: the model is absent or incomplete, or the schema lacks its categories.
        MissingExtraError: onnxruntime is not installed.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        schema: Schema,
        threshold: float | None = None,
        score: float = 0.0,
        named: bool = True,
        threads: int | None = None,
    ) -> None:
        folder = Path(model).expanduser() if model is not None else SHIPPED_MODEL
        self._model = RelationModel(folder, schema=schema, threads=1)
        self._threshold, self._score, self._named = threshold, score, named
        self._threads = threads or len(os.sched_getaffinity(0))

    @cached_property
    def name(self) -> str:
        """``relation-model/HASH``; the hash is of the weights and the options."""
        settings = {"threshold": self._threshold, "score": self._score, "named": self._named}
        return f"relation-model/{file_fingerprint(self._model.files, settings=settings)[:12]}"

    def extract(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Relation, ...]]:
        """Return the relations of each document, the likeliest first."""
        units = self._model.units(batch, named=self._named)
        places = [(document, unit) for document, own in enumerate(units) for unit in own]
        # The longest first, so that no core is left with the last long one.
        places.sort(key=lambda place: -len(place[1].ids))
        found: dict[int, list[_Finding]] = defaultdict(list)
        with ThreadPoolExecutor(self._threads) as pool:
            items = [batch[document] for document, _ in places]
            units_of = [unit for _, unit in places]
            for (document, _), own in zip(
                places, pool.map(self._judge, items, units_of), strict=True
            ):
                found[document] += own
        return [self._relations(item, found[place]) for place, item in enumerate(batch)]

    def _judge(self, item: AnnotatedDocument, unit: RelationUnit) -> list[_Finding]:
        scored = self._model.score(item, unit)
        kinds = [(unit.entities[i].kind, unit.entities[j].kind) for i, j in unit.pairs.tolist()]
        labels = self._model.labels
        names = labels.layout.categories
        ends = [(names[one], names[other]) for one, other in kinds]
        experts = {pair: labels.experts(*pair) for pair in set(ends)}
        judged = labels.judge(scored.logits, kinds)
        related = [
            judgement.related
            >= max(convention.threshold if self._threshold is None else self._threshold, 1e-6)
            for convention, judgement in zip(labels.conventions, judged, strict=True)
        ]
        findings: list[_Finding] = []
        for convention, judgement, chosen in zip(labels.conventions, judged, related, strict=True):
            for pair in chosen.nonzero()[0].tolist():
                best = int(judgement.types[pair].argmax())
                type_ = convention.types[best]
                predicate = convention.predicate(type_, *ends[pair])
                expert = experts[ends[pair]].get(predicate)
                if expert is not None and not related[expert][pair]:
                    predicate = convention.general_predicate(type_)
                score = float(judgement.types[pair, best])
                findings.append(_Finding(scored, pair, predicate, score, _novel(judgement, pair)))
        return findings

    def _relations(
        self, item: AnnotatedDocument, findings: Iterable[_Finding]
    ) -> tuple[Relation, ...]:
        by_pair: dict[tuple[str, str], dict[str, _Finding]] = defaultdict(dict)
        for finding in findings:
            unit = finding.scored.unit
            i, j = unit.pairs[finding.place].tolist()
            own = by_pair[unit.entities[i].key, unit.entities[j].key]
            known = own.get(finding.predicate)
            if known is None or known.score < finding.score:
                own[finding.predicate] = finding
        chosen = [f for own in by_pair.values() for f in _chosen(own) if f.score >= self._score]
        composite = _composite(item)
        reader = SentenceReader(item)
        relations = (self._relation(reader, finding, composite) for finding in chosen)
        return tuple(sorted(filter(None, relations), key=lambda r: (-r.score, r.start, r.id)))

    def _relation(
        self, reader: SentenceReader, finding: _Finding, composite: frozenset[str]
    ) -> Relation | None:
        unit = finding.scored.unit
        i, j = unit.pairs[finding.place].tolist()
        own = find_evidence(reader, unit, (i, j), finding.scored.weights[finding.place].tolist())
        if own is None:
            return None
        subject, object_ = own.one, own.other
        return Relation(
            document=subject.document,
            subject=subject.id,
            object=object_.id,
            predicate=finding.predicate,
            score=finding.score,
            start=own.start,
            end=own.end,
            extractor=self.name,
            negated=own.reading.negated,
            hedged=own.reading.hedged,
            novel=finding.novel,
            subject_curie=unit.entities[i].key if subject.id in composite else "",
            object_curie=unit.entities[j].key if object_.id in composite else "",
        )


def _novel(judgement: Judgement, pair: int) -> bool | None:
    return None if judgement.novel is None else bool(judgement.novel[pair] > 0.5)


def _chosen(own: dict[str, _Finding]) -> Iterator[_Finding]:
    """Yield the likeliest of a pair's findings, the vague one only if there is no other.

    Novelty comes from whichever convention judges it.
    """
    telling = [finding for predicate, finding in own.items() if predicate != _VAGUE]
    best = max(telling or own.values(), key=lambda finding: finding.score)
    judged = max(
        (f for f in own.values() if f.novel is not None), key=lambda f: f.score, default=best
    )
    yield _Finding(best.scored, best.place, best.predicate, best.score, judged.novel)


def _composite(item: AnnotatedDocument) -> frozenset[str]:
    """Return the mentions that have several identifiers."""
    curies: dict[str, set[str]] = defaultdict(set)
    for grounding in item.groundings:
        if grounding.curie:
            curies[grounding.mention].add(grounding.curie)
    return frozenset(mention for mention, own in curies.items() if len(own) > 1)
