"""The main job: inputs to a workspace, its graph and its stores; resumable and idempotent."""

from __future__ import annotations

import platform
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from typing import Any

from kgbuild import __version__
from kgbuild.assembly.belief import DEFAULT_RATES, Rates
from kgbuild.assembly.statements import PARTS, assemble
from kgbuild.components import Prepared, Progress, check, make_components, prepare
from kgbuild.config import Config, keep_config
from kgbuild.errors import InputError, KgbuildError
from kgbuild.intake import Input, Intake, IntakeCounts
from kgbuild.layout import (
    configuration_file,
    cypher_store,
    graph_folder,
    rdf_store,
    schema_file,
)
from kgbuild.ontologies.schema_build import copy_schema
from kgbuild.records import Failure, Term, content_hash
from kgbuild.shard_work import SHARD_STAGES, ShardResult, first_stale, work_on
from kgbuild.stages import Components
from kgbuild.tables import GRAPH_TABLES, GraphTables
from kgbuild.workspace import Workspace

__all__ = ["BuildReport", "build_workspace"]

_GRAPH = "graph"
_SENTENCES = "sentences"
LARGE_INPUT = 20_000_000


@dataclass(slots=True)
class BuildReport:
    """What a build did. ``did_nothing`` is true where the output was up to date."""

    folder: Path
    intake: IntakeCounts
    shards: int = 0
    documents: int = 0
    assembled: bool = False
    loaded: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    @property
    def did_nothing(self) -> bool:
        """Whether everything was there already."""
        return not (self.shards or self.assembled or self.loaded)


def build_workspace(
    sources: Iterable[Input],
    folder: Path,
    config: Config,
    *,
    force: Sequence[str] = (),
    progress: Progress | None = None,
    input_bytes: int = 0,
) -> BuildReport:
    """Make ``folder`` hold the graph of what it holds already and of ``sources``.

    Args:
        sources: see ``kgbuild.intake``.
        folder: a new or empty folder, or the output of an earlier build.
        config: what to do; where it differs from the earlier build's, the stages concerned run
            again on all documents.
        force: stages of ``SHARD_STAGES`` to run again although nothing changed; those after
            them follow.
        progress: called with a task's name, how much of it is done and how much there is.
        input_bytes: the size of the inputs where known; decides whether processes are worth it.

    Raises:
        WorkspaceError, ConfigError, VocabularyError, InputError, MissingExtraError
    """
    report = BuildReport(folder, IntakeCounts())
    check(config)  # before anything is written
    with Workspace(folder, create=True) as workspace:
        clock = _Clock(report.seconds)
        with clock("prepare"):
            prepared = prepare(config, progress=progress)
            components = make_components(prepared, progress=progress)
            build = _Build(workspace, prepared, components, report, progress)
        keep_config(config, configuration_file(folder))
        if force:
            build.forget(force)
        with clock("documents"):
            build.process(sources, input_bytes)
        build.check_readable()
        copy_schema(config.schema_, schema_file(folder))
        with clock("assemble"):
            tables = build.assemble()
        with clock("load"):
            build.load(tables)
        report.counts = {name: tables.count(name) for name in GRAPH_TABLES}
        report.failures = workspace.failures()
        workspace.export_failures()
        if not report.did_nothing or not workspace.manifest():
            workspace.write_manifest(build.manifest())
    return report


class _Clock:
    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._seconds[name] = round(time.perf_counter() - started, 3)


@dataclass(frozen=True, slots=True)
class _Build:
    """One run of the pipeline over one workspace."""

    workspace: Workspace
    prepared: Prepared
    components: Components
    report: BuildReport
    progress: Progress | None

    def process(self, sources: Iterable[Input], input_bytes: int) -> None:
        """Run the per-shard stages on shards left from before, then on each as it is read."""
        ledger, folder = self.workspace.ledger, self.workspace.folder
        intake = Intake(self.workspace, self.prepared.config.run)
        self.report.intake = intake.counts

        def todo() -> Iterator[tuple[int, int]]:
            yield from self._stale(ledger.shards())
            for shard in intake.read(sources):
                yield from self._stale([shard])

        workers = self.prepared.config.run.workers
        if workers == "auto":
            workers = (cpu_count() or 1) if input_bytes >= LARGE_INPUT else 1
        if workers > 1:
            results = _in_processes(folder, todo(), self.prepared, workers)
        else:
            results = (work_on(folder, *each, self.components) for each in todo())
        for result in results:
            result.commit(ledger)
            self.report.shards += 1
            self.report.documents += result.documents
            if self.progress:
                done = self.report.documents
                self.progress("documents", done, intake.expected(done, input_bytes))

    def check_readable(self) -> None:
        """Raise InputError where inputs were named and there is no document at all."""
        ledger, intake = self.workspace.ledger, self.report.intake
        if intake.inputs_read and not intake.new and not ledger.totals()["shards"]:
            raise InputError("no document was found in the input")
        named = intake.inputs_read or intake.inputs_unchanged
        if named and not ledger.totals()["documents"] and (failures := ledger.failures()):
            last = failures[-1]
            raise InputError(f"no document could be read: {last.source}: {last.reason}")

    def forget(self, stages: Sequence[str]) -> None:
        """Make stages, and assembly, count as not done."""
        with self.workspace.ledger.transaction():
            for stage in stages:
                self.workspace.ledger.forget_stage(stage)
            self.workspace.ledger.set_meta(_GRAPH, "")

    def _stale(self, shards: Iterable[int]) -> Iterator[tuple[int, int]]:
        for shard in shards:
            start = first_stale(self.workspace.ledger, shard, self.components.fingerprints)
            if start is not None:
                with self.workspace.ledger.transaction():
                    self.workspace.ledger.forget_stages(shard, SHARD_STAGES[start:])
                yield shard, start

    def assemble(self) -> GraphTables:
        """Aggregate the shards' parts into the graph tables, unless they are up to date."""
        from kgbuild.normalizer.lexicon import Lexicon

        ledger = self.workspace.ledger
        config = self.prepared.config.assembly
        folder = graph_folder(self.workspace.folder)
        fingerprint = content_hash(
            ledger.state(), config.model_dump_json(), self.prepared.lexicon.fingerprint, __version__
        )
        if ledger.meta(_GRAPH) == fingerprint and folder.is_dir():
            return GraphTables(folder)
        lexicon = Lexicon.open(self.prepared.lexicon_folder)

        unite = config.unite

        def term(curie: str) -> Term | None:
            if curie not in lexicon:
                return None
            return lexicon.united_term(curie) if unite else lexicon.term(curie)

        rates = {name: Rates(r.systematic, r.random) for name, r in config.error_rates.items()}
        shards = ledger.shards()
        tables, sentences = assemble(
            {part: [self.workspace.path(part, shard) for shard in shards] for part in PARTS},
            folder,
            retired=[(id, shard) for id, shard, _ in ledger.retired()],
            rates={**DEFAULT_RATES, **rates},
            term=term,
            preferred=lexicon.preferred_id if unite else str,
            ontology=config.ontology,
        )
        with ledger.transaction():
            ledger.set_meta(_GRAPH, fingerprint)
            ledger.set_meta(_SENTENCES, str(sentences))
        self.report.assembled = True
        return tables

    def load(self, tables: GraphTables) -> None:
        """Make the embedded stores hold the graph, unless they do."""
        from kgbuild.loaders.ladybug import load_ladybug
        from kgbuild.loaders.oxigraph import load_oxigraph
        from kgbuild.loaders.report import remove

        loaders = {
            "ladybug": (load_ladybug, cypher_store),
            "oxigraph": (load_oxigraph, rdf_store),
        }
        for name, (load, place) in loaders.items():
            path = place(self.workspace.folder)
            if name not in self.prepared.config.stores:
                remove(path)  # else it would answer for a graph that is no more
                continue
            done = load(tables, path, schema=self.components.schema, progress=self.progress)
            if not done.unchanged:
                self.report.loaded.append(name)

    def manifest(self) -> dict[str, Any]:
        """Return what is worth knowing of this output later."""
        prepared, components, ledger = self.prepared, self.components, self.workspace.ledger
        return {
            "kgbuild": __version__,
            "python": platform.python_version(),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "configuration": prepared.config.model_dump(mode="json", by_alias=True),
            "schema": {
                "name": components.schema.name,
                "model": components.schema.model,
                "model_version": components.schema.model_version,
                "fingerprint": components.schema.fingerprint,
            },
            "vocabularies": list(prepared.vocabularies),
            "lexicon": {
                "fingerprint": prepared.lexicon.fingerprint,
                "terms": prepared.lexicon.terms,
                "names": prepared.lexicon.names,
                "failures": prepared.lexicon.failure_count,
            },
            "extractors": [
                components.recognizer.name,
                *(extractor.name for extractor in components.relation_extractors),
            ],
            "fingerprints": components.fingerprints,
            "workspace": {**ledger.totals(), "sentences": int(ledger.meta(_SENTENCES) or 0)},
            "stages": ledger.stage_totals(),
            "relations_left_out": dict(ledger.notes(SHARD_STAGES[-1]).most_common()),
            "graph": self.report.counts,
            "last_run_seconds": self.report.seconds,
        }


_worker: Components | None = None


def _start_worker(prepared: Prepared) -> None:
    global _worker  # noqa: PLW0603 - a process pool's initializer can hand on nothing else
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops its workers
    _worker = make_components(prepared)


def _work_in_worker(folder: Path, shard: int, start: int) -> ShardResult:
    if _worker is None:
        raise RuntimeError("the worker process was not initialized")
    return work_on(folder, shard, start, _worker)


def _in_processes(
    folder: Path, todo: Iterator[tuple[int, int]], prepared: Prepared, workers: int
) -> Iterator[ShardResult]:
    """Yield results as they come; at most two shards a worker wait, so memory stays bounded."""
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(prepared,)
    ) as pool:
        running: set[Future[ShardResult]] = set()
        try:
            for shard, start in todo:
                running.add(pool.submit(_work_in_worker, folder, shard, start))
                while len(running) >= 2 * workers:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            for future in running:
                yield future.result()
        except BrokenProcessPool as error:
            raise KgbuildError(
                "a worker process died, probably for lack of memory: use fewer workers or smaller "
                "shards (run.shard_characters); run the same command again, it goes on where it "
                "stopped"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
