"""Predictions of a configuration: from raw text, with gold mentions, and with gold entities."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from kgbuild.errors import ConfigError
from kgbuild.evaluation.alignment import CrossReferences
from kgbuild.evaluation.statements import Believed, Fact
from kgbuild.records import AnnotatedDocument, Failure

if TYPE_CHECKING:
    from kgbuild.components import Progress
    from kgbuild.config import Config
    from kgbuild.normalizer.lexicon import Lexicon
    from kgbuild.ontologies.schema import Schema
    from kgbuild.stages import Stage

__all__ = [
    "Predictions",
    "built",
    "cross_references",
    "ground_gold_mentions",
    "only_recognizer",
    "piped",
    "relate_gold_entities",
    "training_vocabulary",
    "workspace_predictions",
]

BATCH = 64
CANDIDATES = 5
PIPELINE = "the pipeline"


@dataclass(frozen=True, slots=True)
class Predictions:
    """What was predicted: documents by id, the statements of a graph, and what they mean alike.

    ``statements`` is None where there is no graph.
    """

    name: str
    documents: dict[str, AnnotatedDocument]
    statements: tuple[Believed, ...] | None = None
    xrefs: CrossReferences | None = None
    notes: tuple[str, ...] = ()


def workspace_predictions(folder: Path, *, schema: Schema, name: str = "") -> Predictions:
    """Read what a build found, and its statements.

    Raises:
        WorkspaceError: the folder is no build's output.
        InputError: it holds no graph.
    """
    from kgbuild.graph import Graph
    from kgbuild.workspace import Workspace

    with Workspace(folder) as workspace:
        documents = {item.document.id: item for item in workspace.documents()}
        failures = workspace.failures()
    with Graph.open(folder, schema=schema) as graph:
        entities = graph.tables.read("entities", ["id", "xrefs"]).to_pylist()
        columns = ["subject", "subject_category", "predicate", "object", "object_category"]
        rows = graph.tables.read("statements", [*columns, "belief"]).to_pylist()
    known = {row["id"]: tuple(map(schema.curie, row["xrefs"] or ())) for row in entities}
    statements = tuple(
        Believed(
            Fact(
                row["subject"], row["predicate"], row["object"],
                row["subject_category"], row["object_category"],
            ),
            row["belief"],
        )
        for row in rows
    )  # fmt: skip
    return Predictions(
        name or str(folder), documents, statements,
        lambda curie: known.get(curie, ()), _noted(failures),
    )  # fmt: skip


@contextmanager
def built(
    gold: Iterable[AnnotatedDocument],
    config: Config,
    *,
    schema: Schema,
    progress: Progress | None = None,
) -> Iterator[Predictions]:
    """Build a graph of the gold documents' bare texts in a temporary folder, and give it.

    Raises:
        KgbuildError: see ``kgbuild.api.build_into``.
    """
    from kgbuild.api import build_into

    bare = [AnnotatedDocument(item.document) for item in gold]
    with TemporaryDirectory(prefix="kgbuild-evaluate-") as folder:
        build_into(
            Path(folder) / "graph", memory=bare, progress=progress,
            config=config.model_copy(update={"stores": []}),
        )  # fmt: skip
        yield workspace_predictions(Path(folder) / "graph", schema=schema, name=PIPELINE)


def piped(
    gold: Iterable[AnnotatedDocument],
    config: Config,
    *,
    stage_names: Collection[str],
    progress: Progress | None = None,
) -> Predictions:
    """Run stages on the gold documents' bare texts, without making a graph."""
    from kgbuild.components import make_components, prepare
    from kgbuild.stages import stages

    if "relate" not in stage_names:
        config = config.model_copy(update={"relations": []})
    components = make_components(prepare(config, progress=progress), progress=progress)
    bare = [AnnotatedDocument(item.document) for item in gold]
    wanted = [stage for stage in stages(components) if stage.name in stage_names]
    done, failures = _run(wanted, bare, progress)
    lexicon = getattr(components.grounder, "lexicon", None)
    return Predictions(
        PIPELINE, {item.document.id: item for item in done},
        xrefs=cross_references(lexicon, components.schema), notes=_noted(failures),
    )  # fmt: skip


def only_recognizer(config: Config, type_: str) -> Config:
    """Return the configuration with the recognizers of one type only.

    A type that needs no options may be named though the configuration doesn't have it.

    Raises:
        ConfigError: the configuration has none, and it can't be made without options.
    """
    from pydantic import ValidationError

    kept = [r for r in config.recognizers if r.type == type_]
    if kept:
        return config.model_copy(update={"recognizers": kept})
    have = ", ".join(dict.fromkeys(r.type for r in config.recognizers))
    try:
        alone = type(config).model_validate({"recognizers": [{"type": type_}]})
    except ValidationError as error:
        raise ConfigError(
            f"no recognizer of type {type_!r} in the configuration (it has: {have}), and it can't "
            "be made without its options: name a configuration that has it (--config)"
        ) from error
    return config.model_copy(update={"recognizers": alone.recognizers})


@dataclass(frozen=True, slots=True)
class Linked:
    """Gold mentions, linked.

    Attributes:
        documents: with what the linker says, candidates included.
        xrefs: the vocabularies' cross-references.
        by_name: ``documents`` as BioSyn counts them; None if no linker of ours linked.
        notes: of what failed.
    """

    documents: list[AnnotatedDocument]
    xrefs: CrossReferences
    by_name: list[AnnotatedDocument] | None
    notes: tuple[str, ...]


def ground_gold_mentions(
    gold: Sequence[AnnotatedDocument],
    config: Config,
    *,
    taught: Mapping[str, Collection[str]] | None = None,
    progress: Progress | None = None,
) -> Linked:
    """Link the gold mentions, of which the linker sees text, category and document.

    ``taught`` are identifiers of training names, by their plain form.
    """
    from kgbuild.components import make_components, prepare
    from kgbuild.config import GivenConfig
    from kgbuild.evaluation.by_name import ByName
    from kgbuild.evaluation.candidates import Completion
    from kgbuild.normalizer.linker import Linker
    from kgbuild.stages import stages

    grounding = config.grounding.model_copy(
        update={
            "trust_given": False,
            "candidates": max(CANDIDATES, config.grounding.candidates),
        }
    )
    config = config.model_copy(
        update={"grounding": grounding, "recognizers": [GivenConfig()], "relations": []}
    )
    components = make_components(prepare(config, progress=progress), progress=progress)
    bare = [replace(item, groundings=(), relations=()) for item in gold]
    wanted = [stage for stage in stages(components) if stage.name in {"segment", "ground"}]
    done, failures = _run(wanted, bare, progress)
    grounder = components.grounder
    if not isinstance(grounder, Linker):  # nothing more is known of it
        return Linked(done, cross_references(None, components.schema), None, _noted(failures))
    if grounder.goes_by_similarity:
        done = Completion(grounder, k=CANDIDATES).complete(done)
    xrefs = cross_references(grounder.lexicon, components.schema)
    counted = ByName(grounder, xrefs=xrefs, taught=taught or {}, k=CANDIDATES).count(gold, done)
    return Linked(done, xrefs, counted, _noted(failures))


def relate_gold_entities(
    gold: Sequence[AnnotatedDocument],
    config: Config,
    *,
    progress: Progress | None = None,
) -> tuple[list[AnnotatedDocument], tuple[str, ...]]:
    """Extract relations between the gold mentions, their gold identifiers known."""
    from kgbuild.components import make_components, prepare
    from kgbuild.config import GivenConfig
    from kgbuild.stages import stages

    own = [relation for relation in config.relations if relation.type != "given"]
    config = config.model_copy(update={"recognizers": [GivenConfig()], "relations": own})
    components = make_components(prepare(config, progress=progress), progress=progress)
    bare = [replace(item, relations=()) for item in gold]
    wanted = [stage for stage in stages(components) if stage.name in {"segment", "relate"}]
    done, failures = _run(wanted, bare, progress)
    return done, _noted(failures)


def _run(
    stages: Sequence[Stage], items: Sequence[AnnotatedDocument], progress: Progress | None
) -> tuple[list[AnnotatedDocument], list[Failure]]:
    from kgbuild.stages import run_stage

    done: list[AnnotatedDocument] = []
    failures: list[Failure] = []
    for first in range(0, len(items), BATCH):
        batch = list(items[first : first + BATCH])
        for stage in stages:
            batch, failed, _ = run_stage(stage, batch)
            failures += failed
        done += batch
        if progress:
            progress("gold documents", len(done), len(items))
    return done, failures


def cross_references(lexicon: Lexicon | None, schema: Schema) -> CrossReferences:
    """Return a function to what a lexicon's terms declare: cross-references, and same ids.

    Former and alternative ids are among the same ones.
    """
    known: dict[str, tuple[str, ...]] = {}

    def find(curie: str) -> tuple[str, ...]:
        if lexicon is None or curie not in lexicon:
            return ()
        preferred = lexicon.preferred_id(curie)
        same = (preferred, *lexicon.same_as(preferred))
        declared = map(schema.curie, lexicon.term(curie).xrefs)
        return tuple(dict.fromkeys((*(one for one in same if one != curie), *declared)))

    def of(curie: str) -> tuple[str, ...]:
        if curie not in known:
            known[curie] = find(curie)
        return known[curie]

    return of


def _noted(failures: Sequence[Failure]) -> tuple[str, ...]:
    if not failures:
        return ()
    first = failures[0]
    what = f"{first.document} in {first.stage}: {first.reason}"
    return (f"{len(failures):,} failures while predicting, first {what}",)


def training_vocabulary(
    items: Iterable[AnnotatedDocument], path: Path, *, leave_out: Callable[[str], bool]
) -> int:
    """Write the names of training mentions as a vocabulary (TSV) and return how many.

    A name that training gives several identifiers keeps the most frequent; composite mentions
    are left out, since no one identifier is meant.

    Args:
        items: annotated training documents with categories of the schema.
        path: the file to write; its name sorts behind other vocabularies'.
        leave_out: tells of a document's id that it must not be used (it is evaluated).
    """
    meant: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    written: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for item in items:
        if leave_out(item.document.id):
            continue
        ids = defaultdict(list)
        for grounding in item.groundings:
            ids[grounding.mention].append(grounding.curie)
        for mention in item.mentions:
            text = " ".join(mention.text.split())
            if len(own := ids[mention.id]) == 1 and own[0] and not mention.spans:
                key = (text.casefold(), mention.category)
                meant[key][own[0]] += 1
                written[key][text] += 1
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, found in meant.items():
        names[_most(found), key[1]].append(_most(written[key]))
    rows = ["id\tname\tcategory\tsynonyms"]
    rows += [
        f"{curie}\t{texts[0]}\t{category}\t{'|'.join(t for t in texts[1:] if '|' not in t)}"
        for (curie, category), texts in sorted(names.items())
    ]
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return sum(map(len, names.values()))


def _most(counts: Counter[str]) -> str:
    return min(counts, key=lambda name: (-counts[name], name))
