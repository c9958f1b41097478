"""The whole of an evaluation: files named, predictions made or read, everything measured."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from kgbuild.errors import ConfigError, InputError
from kgbuild.evaluation.by_name import training_ids
from kgbuild.evaluation.corpus import Corpus, read_corpus
from kgbuild.evaluation.evaluate import (
    Settings,
    add_grounding,
    begin,
    measure_found,
    measure_identified,
    measure_identifiers,
    measure_mentions,
)
from kgbuild.evaluation.measure_relations import measure_relations, measure_statements
from kgbuild.evaluation.predict import (
    Predictions,
    built,
    ground_gold_mentions,
    only_recognizer,
    piped,
    relate_gold_entities,
    training_vocabulary,
    workspace_predictions,
)
from kgbuild.evaluation.result import Evaluation, Resampling
from kgbuild.ontologies.schema import Schema

if TYPE_CHECKING:
    from kgbuild.components import Progress
    from kgbuild.config import Config

__all__ = ["TASKS", "Request", "evaluate"]

TASKS = ("mentions", "grounding", "relations", "statements")
Names = Sequence[str | os.PathLike[str]]


@dataclass(frozen=True, slots=True)
class Request:
    """What to evaluate, and how.

    Attributes:
        gold: annotated files.
        predictions: the output folder of one build, or annotated files of another tool; without
            any the configuration is run on the gold standard's texts.
        config: what to run; also names the schema.
        recognizer: run only recognizers of this type.
        train: annotated files whose names are added to the vocabularies in a second round of
            grounding.
        tasks: of ``TASKS``; what the gold corpus does not annotate is left out anyway.
        maps: label of either side to category, before the schema's own aliases.
        categories: evaluate only these.
        whole: take discontinuous mentions as one piece.
        shared_only: leave out gold documents without predictions.
        xrefs: let identifiers that a vocabulary cross-references count as the same.
        format: of gold files and annotated predictions; None finds it out.
        options: of the readers.
        resampling: how intervals are made.
    """

    gold: Names
    config: Config
    predictions: Names = ()
    recognizer: str = ""
    train: Names = ()
    tasks: Sequence[str] = TASKS
    maps: Mapping[str, str] = field(default_factory=dict)
    categories: Sequence[str] = ()
    whole: bool = False
    shared_only: bool = False
    xrefs: bool = True
    format: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    resampling: Resampling = field(default_factory=Resampling)


def evaluate(request: Request, *, progress: Progress | None = None) -> Evaluation:
    """Measure predictions against a gold corpus.

    Raises:
        InputError: files that can't be read or hold no annotation, no document in common.
        ConfigError: an unknown task, category or recognizer; a wrong configuration.
        KgbuildError: what building raises, where the predictions are made here.
    """
    if unknown := sorted(set(request.tasks) - set(TASKS)):
        raise ConfigError(f"no task {unknown[0]!r}; tasks: {', '.join(TASKS)}")
    schema = _schema(request)
    gold = _read(request.gold, request, schema)
    settings = Settings(
        schema, _categories(request, schema, gold), request.whole, request.shared_only,
        request.resampling,
    )  # fmt: skip
    if request.predictions:
        predictions = _read_predictions(request, schema)
        return _measure(gold, predictions, settings, request)
    config = request.config
    if request.recognizer:
        config = only_recognizer(config, request.recognizer)
    items = gold.documents.values()
    if "statements" in request.tasks and gold.has_relations:
        with built(items, config, schema=schema, progress=progress) as predictions:
            evaluation = _measure(gold, predictions, settings, request)
    else:
        predictions = piped(items, config, stage_names=_stages(gold, request), progress=progress)
        evaluation = _measure(gold, predictions, settings, request)
    _GivenGold(gold, config, settings, request, progress).measure(evaluation)
    return evaluation


def _schema(request: Request) -> Schema:
    schema = Schema.load(request.config.schema_)
    maps = {label: schema.category(name) or name for label, name in request.maps.items()}
    return schema.with_aliases(categories=maps)


def _stages(gold: Corpus, request: Request) -> set[str]:
    """Return the stages that what is asked for needs."""
    needed = {"segment", "recognize"}
    if gold.has_identifiers and {"grounding", "relations"} & set(request.tasks):
        needed.add("ground")
    if gold.has_relations and "relations" in request.tasks:
        needed.add("relate")
    return needed


def _read(names: Names, request: Request, schema: Schema) -> Corpus:
    return read_corpus(names, schema=schema, format=request.format, options=request.options)


def _categories(request: Request, schema: Schema, gold: Corpus) -> tuple[str, ...] | None:
    if not request.categories:
        return None
    found = []
    for name in request.categories:
        category = schema.category(name)
        if category is None:
            known = ", ".join(sorted(schema.categories))
            raise ConfigError(f"the schema has no category {name!r}; it has: {known}")
        if category not in gold.categories:
            have = ", ".join(sorted(gold.categories))
            raise InputError(f"{gold.name} annotates no {category}; it annotates: {have}")
        found.append(category)
    return tuple(found)


def _read_predictions(request: Request, schema: Schema) -> Predictions:
    """Read the output folder of a build, or the files of another tool."""
    from kgbuild.layout import graph_folder

    names = [Path(name) for name in request.predictions]
    folders = [name for name in names if graph_folder(name).is_dir()]
    if folders and len(names) > 1:
        raise InputError(
            f"{folders[0]} is the output of a build, which is evaluated alone: give it without "
            "other predictions"
        )
    if folders:
        return workspace_predictions(folders[0], schema=schema)
    corpus = _read(request.predictions, request, schema)
    return Predictions(corpus.name, dict(corpus.documents), notes=corpus.notes)


def _measure(
    gold: Corpus, predictions: Predictions, settings: Settings, request: Request
) -> Evaluation:
    if not request.xrefs:
        predictions = _without_xrefs(predictions)
    evaluation, aligned = begin(gold, predictions, settings)
    tasks = request.tasks
    found = Corpus(predictions.name, {item.document.id: item for item in aligned.found})
    _check_categories(gold, found)
    if "mentions" in tasks:
        measure_mentions(evaluation, aligned, settings)
        _note_pieces(evaluation, gold, found, settings)
    if "grounding" in tasks and gold.has_identifiers and found.has_identifiers:
        measure_identified(evaluation, aligned, settings)
        measure_identifiers(evaluation, aligned, settings)
        measure_found(evaluation, aligned, predictions.xrefs, settings)
        _note_prefixes(evaluation, gold, found)
    if "relations" in tasks and gold.has_relations:
        measure_relations(evaluation, aligned.gold, aligned.found, settings)
    if "statements" in tasks and gold.has_relations and predictions.statements is not None:
        measure_statements(evaluation, aligned, predictions, settings)
    return evaluation


def _without_xrefs(predictions: Predictions) -> Predictions:
    from dataclasses import replace

    return replace(predictions, xrefs=None)


def _check_categories(gold: Corpus, found: Corpus) -> None:
    """Raise where the gold labels mean nothing to the schema, though the predictions' do."""
    from kgbuild.extractors.given import UNMAPPED

    if set(gold.categories) == {UNMAPPED} and found.categories and UNMAPPED not in found.categories:
        raise InputError(
            f"{gold.name} names no category that the schema knows, and {found.name} has "
            f"{', '.join(found.categories[:5])}: say what its labels mean, e.g. "
            "--map 'LABEL=Gene' (Entity is the label of tags without a type)"
        )


def _note_pieces(evaluation: Evaluation, gold: Corpus, found: Corpus, settings: Settings) -> None:
    pieces = [
        sum(bool(m.spans) for item in corpus.documents.values() for m in item.mentions)
        for corpus in (gold, found)
    ]
    if pieces[0] and not pieces[1] and not settings.whole:
        evaluation.notes.append(
            f"{pieces[0]:,} gold mentions are discontinuous and no prediction is: "
            "--whole-spans takes them as one piece"
        )


def _note_prefixes(evaluation: Evaluation, gold: Corpus, found: Corpus) -> None:
    ours, theirs = (
        {curie.partition(":")[0] for curie in corpus.identifiers} for corpus in (gold, found)
    )
    if not ours & theirs:
        evaluation.notes.append(
            f"gold identifiers are of {', '.join(sorted(ours))}, predicted ones of "
            f"{', '.join(sorted(theirs))}: none can be right; use vocabularies of the former, or "
            "ones that cross-reference them"
        )


@dataclass(frozen=True, slots=True)
class _GivenGold:
    """What can only be asked of a configuration: what it makes of gold mentions and entities."""

    gold: Corpus
    config: Config
    settings: Settings
    request: Request
    progress: Progress | None

    def measure(self, evaluation: Evaluation) -> None:
        """Ground the gold mentions, and relate the gold entities."""
        tasks, gold = self.request.tasks, self.gold
        if "grounding" in tasks and gold.has_identifiers:
            self._ground(evaluation, self.config)
            if self.request.train:
                self._ground_with_training(evaluation)
        if "relations" in tasks and gold.has_relations and gold.has_identifiers:
            items = list(gold.documents.values())
            related, notes = relate_gold_entities(items, self.config, progress=self.progress)
            evaluation.notes += notes
            measure_relations(
                evaluation, items, related, self.settings,
                name="relations.gold_entities", title="Relations, gold entities",
            )  # fmt: skip

    def _ground(
        self,
        evaluation: Evaluation,
        config: Config,
        *,
        taught: Mapping[str, Collection[str]] | None = None,
        suffix: str = "",
        title: str = "",
    ) -> None:
        items = list(self.gold.documents.values())
        linked = ground_gold_mentions(items, config, taught=taught, progress=self.progress)
        add_grounding(
            evaluation, items, linked.documents, linked.xrefs if self.request.xrefs else None,
            self.settings, by_name=linked.by_name if self.request.xrefs else None,
            suffix=suffix, title=title,
        )  # fmt: skip
        evaluation.notes += linked.notes

    def _ground_with_training(self, evaluation: Evaluation) -> None:
        train = _read(self.request.train, self.request, self.settings.schema)
        is_gold: Callable[[str], bool] = self.gold.documents.__contains__
        if shared := sum(map(is_gold, train.documents)):
            evaluation.notes.append(
                f"{shared:,} documents of {train.name} are gold documents too: their names are "
                "left out"
            )
        with TemporaryDirectory(prefix="kgbuild-evaluate-") as folder:
            path = Path(folder) / "zz-training-names.tsv"
            names = training_vocabulary(train.documents.values(), path, leave_out=is_gold)
            if not names:
                raise InputError(f"{train.name}: no mention with one identifier to take a name of")
            vocabularies = [*self.config.vocabularies, str(path)]
            config = self.config.model_copy(update={"vocabularies": vocabularies})
            title = f", {names:,} training names added"
            taught = training_ids(train.documents.values(), leave_out=self.gold.documents)
            self._ground(evaluation, config, taught=taught, suffix=".with_training", title=title)
