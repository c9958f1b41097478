"""``kgbuild train``: models of one's own, from one configuration file each."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec

import typer
from rich.markup import escape

from kgbuild.cli.console import clock, err, out
from kgbuild.errors import ConfigError, InputError, VocabularyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kgbuild.training.loop import Progress

__all__ = ["app", "print_measures", "training_progress"]

app = typer.Typer(
    help="Train models: recognizers, relation extractors, encoders.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="The training's YAML file.")]
OutFolder = Annotated[
    Path, typer.Option("--out", "-o", help="Folder for checkpoints and the finished model.")
]

Final = Annotated[
    int | None,
    typer.Option(
        metavar="EPOCH",
        min=1,
        help="Train on the development files too, and keep this epoch: a measured run's best.",
    ),
]

Command = ParamSpec("Command")


def _naming_its_file(command: Callable[Command, None]) -> Callable[Command, None]:
    """Let a command's errors say which configuration file they are about."""

    @wraps(command)
    def run(*args: Command.args, **options: Command.kwargs) -> None:
        try:
            command(*args, **options)
        except (ConfigError, InputError, VocabularyError) as error:
            config = str(options["config"])
            if str(error).startswith(config):
                raise
            raise type(error)(f"{config}: {error}") from error

    return run


_BASE = """
Examples:

  kgbuild train base extractors/weights/base.yaml --out training/base
"""

_PRETRAIN = """
Examples:

  kgbuild train pretrain pretrain.yaml --out training/pretrained
"""

_RANKING = """
Examples:

  kgbuild train ranking extractors/weights/ranking.yaml --out training/ranking
"""

_NER = """
Examples:

  kgbuild train ner extractors/weights/ner.yaml --out training/ner

  kgbuild train ner extractors/weights/ner.yaml --out training/final --final 6
"""

_RELATIONS = """
Examples:

  kgbuild train relations extractors/weights/relations.yaml --out training/relations

  kgbuild train relations my.yaml --out all --final 2 --thresholds measured
"""


@app.command("base", epilog=_BASE)
@_naming_its_file
def base(config: ConfigFile, folder: OutFolder) -> None:
    """Make a base: an encoder that keeps only the word pieces that a field uses."""
    from kgbuild.training.base import BaseSettings, make_base
    from kgbuild.yaml_models import read_model

    count = make_base(read_model(config, BaseSettings), folder, beside=config.parent)
    err.print(f"{count:,} word pieces: {escape(str(folder))}", soft_wrap=True)


@app.command("pretrain", epilog=_PRETRAIN)
@_naming_its_file
def pretrain(config: ConfigFile, folder: OutFolder) -> None:
    """Let an encoder go on learning from unlabelled text of a field.

    The result is in FOLDER/model: a base for other trainings.
    """
    from kgbuild.training.base import PretrainSettings
    from kgbuild.training.base import pretrain as run
    from kgbuild.yaml_models import read_model

    settings = read_model(config, PretrainSettings)
    print_measures(run(settings, folder, beside=config.parent, progress=training_progress()))
    err.print(f"model: {escape(str(folder / 'model'))}", soft_wrap=True)


@app.command("ner", epilog=_NER)
@_naming_its_file
def ner(config: ConfigFile, folder: OutFolder, final: Final = None) -> None:
    """Train a recognizer on one or more annotated corpora.

    A stopped training goes on where it was when it is run again. The finished model is in
    FOLDER/model: name it in a configuration (recognizers: type: tagger, model: FOLDER/model).
    """
    from kgbuild.training.ner import train_ner
    from kgbuild.training.ner_settings import NerSettings
    from kgbuild.yaml_models import read_model

    settings = read_model(config, NerSettings)
    report = train_ner(
        settings, folder, beside=config.parent, final=final, progress=training_progress()
    )
    _print_report(report.documents, report.dropped, report.trained_share, report.best)
    err.print(f"model: {escape(str(report.folder))}", soft_wrap=True)


@app.command("relations", epilog=_RELATIONS)
@_naming_its_file
def relations(
    config: ConfigFile,
    folder: OutFolder,
    final: Final = None,
    thresholds: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="With --final: the measured training, whose thresholds to take."
        ),
    ] = None,
) -> None:
    """Train a relation extractor on one or more corpora with annotated relations.

    A stopped training goes on where it was when it is run again. The finished model is in
    FOLDER/model: name it in a configuration (relations: type: model, model: FOLDER/model).
    """
    from kgbuild.training.relation_settings import RelationSettings
    from kgbuild.training.relations import train_relations
    from kgbuild.yaml_models import read_model

    settings = read_model(config, RelationSettings)
    report = train_relations(
        settings, folder,
        beside=config.parent, final=final, thresholds=thresholds, progress=training_progress(),
    )  # fmt: skip
    _print_report(report.documents, report.dropped, report.trained_share, report.measures)
    err.print(f"model: {escape(str(report.folder))}", soft_wrap=True)


def _print_report(
    documents: Mapping[str, int],
    dropped: Mapping[str, int],
    trained_share: float,
    measures: Mapping[str, float],
) -> None:
    for name, count in documents.items():
        gone = dropped[name]
        without = f", {gone} left out" if gone else ""
        err.print(f"{escape(name)}: trained on {count:,} documents{without}")
    err.print(f"{trained_share:.1%} of the weights were trained")
    print_measures(measures)


_ENCODER_EXAMPLES = """
Examples:

  kgbuild train encoder encoder.yaml --out training/encoder
"""


@app.command("encoder", epilog=_ENCODER_EXAMPLES)
@_naming_its_file
def encoder(config: ConfigFile, folder: OutFolder) -> None:
    """Train an encoder of names on the synonyms and the hierarchy of vocabularies.

    A stopped training goes on where it was when it is run again. The finished model is in
    FOLDER/model: name it in a configuration (grounding: encoder: FOLDER/model).
    """
    from kgbuild.training.encoder_settings import EncoderSettings
    from kgbuild.training.synonyms import train_encoder
    from kgbuild.yaml_models import read_model

    settings = read_model(config, EncoderSettings)
    report = train_encoder(settings, folder, beside=config.parent, progress=training_progress())
    err.print(f"trained on {report.names:,} names of {report.concepts:,} terms")
    for name, count in report.mentions.items():
        gone = report.dropped[name]
        held = f", {gone} held back" if gone else ""
        err.print(f"{escape(name)}: mentions of {count:,} documents{held}")
    err.print(f"{report.trained_share:.1%} of the weights were trained")
    print_measures(report.best)
    err.print(f"model: {escape(str(report.folder))}", soft_wrap=True)


@app.command("ranking", epilog=_RANKING)
@_naming_its_file
def ranking(config: ConfigFile, folder: OutFolder) -> None:
    """Learn the order of the names that an encoder finds, from mentions with identifiers.

    The result is FOLDER/ranking.json: put it into the encoder's folder.
    """
    from kgbuild.training.ranking import train_ranking
    from kgbuild.training.ranking_settings import RankingSettings
    from kgbuild.yaml_models import read_model

    report = train_ranking(read_model(config, RankingSettings), folder, beside=config.parent)
    for name, count in report.mentions.items():
        err.print(f"{escape(name)}: learned from {count:,} mentions that no name equals")
    for name, (count, nearest, ranked) in report.right.items():
        out.print(
            f"{escape(name)}: of {count:,} development mentions {nearest:,} right by the nearest "
            f"name, {ranked:,} by the ranking",
            soft_wrap=True,
        )
    err.print(f"ranking: {escape(str(report.file))}", soft_wrap=True)


def training_progress(*, every: float = 30) -> Callable[[Progress], None]:
    """Return a callback that prints a line each epoch and, within, every ``every`` seconds."""
    told = time.monotonic()

    def show(progress: Progress) -> None:
        nonlocal told
        where = f"epoch {progress.epoch}/{progress.epochs}"
        if progress.measures is not None:
            score = progress.measures.get("score")
            told_score = "" if score is None else f"  development score {score:.4f}"
            err.print(f"{where}  loss {progress.loss:.4f}{told_score}")
        elif time.monotonic() - told > every:
            told = time.monotonic()
            err.print(
                f"{where}  step {progress.step}/{progress.steps}  loss {progress.loss:.4f}  "
                f"{clock(progress.seconds_left)} left"
            )

    return show


def print_measures(measures: Mapping[str, float]) -> None:
    """Print a training's measures, one a line."""
    for name, value in measures.items():
        out.print(f"{escape(name)}\t{value:.4f}", soft_wrap=True)
