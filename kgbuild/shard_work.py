"""The work on one shard, in this process or another: run the stages that are not done yet."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kgbuild.arrow import to_table
from kgbuild.assembly.evidence import contribution
from kgbuild.assembly.statements import PARTS
from kgbuild.ledger import Ledger, StageDone
from kgbuild.records import AnnotatedDocument, Failure
from kgbuild.stages import STAGE_TABLES, Components, run_stage, stages
from kgbuild.tabular import to_tables
from kgbuild.workspace import read_shard, write_shard

__all__ = ["SHARD_STAGES", "ShardResult", "first_stale", "work_on"]

SHARD_STAGES = ("segment", "recognize", "ground", "relate", "contribute")


@dataclass(slots=True)
class ShardResult:
    """What was done on a shard, for the ledger."""

    shard: int
    documents: int = 0
    characters: int = 0
    done: list[StageDone] = field(default_factory=list)
    failures: dict[str, list[Failure]] = field(default_factory=dict)

    def commit(self, ledger: Ledger) -> None:
        """Tell the ledger."""
        with ledger.transaction():
            for done in self.done:
                ledger.finish_stage(self.shard, done)
                ledger.replace_failures(self.shard, done.stage, self.failures.get(done.stage, ()))


def first_stale(ledger: Ledger, shard: int, fingerprints: dict[str, str]) -> int | None:
    """Return the index in ``SHARD_STAGES`` of the first stage to run on a shard, if any."""
    for index, stage in enumerate(SHARD_STAGES):
        if ledger.fingerprint(shard, stage) != fingerprints[stage]:
            return index
    return None


def work_on(folder: Path, shard: int, start: int, components: Components) -> ShardResult:
    """Run the stages from ``SHARD_STAGES[start]`` on and write their tables.

    Nothing counts until the result is committed to the ledger.
    """
    names = [table for stage in SHARD_STAGES[:start] for table in STAGE_TABLES[stage]]
    batch = read_shard(folder, shard, [*STAGE_TABLES["read"], *names])
    result = ShardResult(
        shard, documents=len(batch), characters=sum(len(item.document.text) for item in batch)
    )
    for stage in stages(components)[start:]:
        batch, failures, seconds = run_stage(stage, batch)
        tables = to_tables(batch, STAGE_TABLES[stage.name])
        write_shard(folder, shard, tables)
        result.failures[stage.name] = failures
        result.done.append(
            StageDone(
                stage.name,
                components.fingerprints[stage.name],
                rows=tables[STAGE_TABLES[stage.name][0]].num_rows,
                seconds=seconds,
            )
        )
    _contribute(folder, shard, batch, components, result)
    return result


def _contribute(
    folder: Path,
    shard: int,
    batch: Sequence[AnnotatedDocument],
    components: Components,
    result: ShardResult,
) -> None:
    started = time.perf_counter()
    found = contribution(
        batch,
        schema=components.schema,
        keep_nil=components.keep_nil,
        preferred=components.preferred,
    )
    rows = {
        "graph_evidence": found.evidence,
        "graph_occurrences": found.occurrences,
        "graph_documents": found.documents,
    }
    tables = {name: to_table(rows[name], schema) for name, schema in PARTS.items()}
    write_shard(folder, shard, tables)
    result.done.append(
        StageDone(
            "contribute",
            components.fingerprints["contribute"],
            rows=len(found.evidence),
            seconds=time.perf_counter() - started,
            notes=dict(found.rejected),
        )
    )
