"""The stages, each a function from a batch of annotated documents to the same batch with more."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from kgbuild.errors import KgbuildError
from kgbuild.protocols import Grounder, Recognizer, RelationExtractor
from kgbuild.records import AnnotatedDocument, Failure, Grounding, Mention

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["STAGE_TABLES", "Components", "Stage", "run_stage", "stages"]

_log = logging.getLogger(__name__)

Batch = Sequence[AnnotatedDocument]

STAGE_TABLES: dict[str, tuple[str, ...]] = {
    "read": ("documents", "given_mentions", "given_groundings", "given_relations"),
    "segment": ("sentences", "abbreviations"),
    "recognize": ("mentions",),
    "ground": ("groundings",),
    "relate": ("relations",),
    "contribute": ("graph_evidence", "graph_occurrences", "graph_documents"),
}


@dataclass(frozen=True)
class Components:
    """The objects that the stages call, and the fingerprints of what they were made from.

    ``fingerprints`` maps each stage to a text that changes whenever its result would;
    ``preferred`` gives the id by which the graph knows a thing that has several.
    """

    schema: Schema
    recognizer: Recognizer
    grounder: Grounder
    relation_extractors: tuple[RelationExtractor, ...]
    fingerprints: dict[str, str]
    keep_nil: bool = True
    preferred: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Stage:
    """A named stage that writes ``STAGE_TABLES[name]``."""

    name: str
    run: Callable[[Batch], list[AnnotatedDocument]]


def stages(components: Components) -> tuple[Stage, ...]:
    """Return the stages between reading and assembly, in order."""
    return (
        Stage("segment", _segment),
        Stage("recognize", lambda batch: _recognize(batch, components)),
        Stage("ground", lambda batch: _ground(batch, components)),
        Stage("relate", lambda batch: _relate(batch, components)),
    )


def run_stage(stage: Stage, batch: Batch) -> tuple[list[AnnotatedDocument], list[Failure], float]:
    """Run a stage on a batch; where that fails, document by document.

    A document that fails goes on as it was before the stage and is listed. A ``KgbuildError`` says
    that the component can't work at all (a model is missing, say) and is raised.

    Returns:
        The batch, as long as before; the failures; the seconds taken.
    """
    started = time.perf_counter()
    failures: list[Failure] = []
    try:
        result = stage.run(batch)
    except KgbuildError:  # a component that can't work at all: every document would fail
        raise
    except Exception as error:
        _log.debug("%s failed on a batch, trying one by one", stage.name, exc_info=error)
        result = []
        for item in batch:
            try:
                result += stage.run([item])
            except Exception as own:
                _log.debug("%s failed on %s", stage.name, item.document.id, exc_info=own)
                failures.append(_failure(stage.name, item, own))
                result.append(item)
    return result, failures, time.perf_counter() - started


def _failure(stage: str, item: AnnotatedDocument, error: Exception) -> Failure:
    return Failure(
        source=item.document.source,
        stage=stage,
        document=item.document.id,
        reason=f"{type(error).__name__}: {error}",
    )


def _segment(batch: Batch) -> list[AnnotatedDocument]:
    from kgbuild.text import segment

    return segment(batch)


def _recognize(batch: Batch, components: Components) -> list[AnnotatedDocument]:
    found = components.recognizer.recognize(batch)
    for item, mentions in zip(batch, found, strict=True):
        _check_offsets(item, mentions)
    return [item.with_mentions(mentions) for item, mentions in zip(batch, found, strict=True)]


def _check_offsets(item: AnnotatedDocument, mentions: Sequence[Mention]) -> None:
    text = item.document.text
    for mention in mentions:
        if text[mention.start : mention.end] != mention.text:
            raise ValueError(
                f"{mention.extractor} broke the offset contract: text[{mention.start}:"
                f"{mention.end}] is {text[mention.start : mention.end]!r}, not {mention.text!r}"
            )


def _ground(batch: Batch, components: Components) -> list[AnnotatedDocument]:
    found: list[tuple[Grounding, ...]] = components.grounder.ground(batch)
    return [replace(item, groundings=g) for item, g in zip(batch, found, strict=True)]


def _relate(batch: Batch, components: Components) -> list[AnnotatedDocument]:
    from kgbuild.extractors.agreement import settle

    found = [extractor.extract(batch) for extractor in components.relation_extractors]
    related = []
    for item, *own in zip(batch, *found, strict=True):
        each = {relation.id: relation for relation in chain.from_iterable(own)}
        relations = settle(item, each.values(), schema=components.schema)
        related.append(replace(item, relations=relations))
    return related
