"""Building a lexicon: vocabularies in, one portable folder of memory-mapped tables out."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kgbuild.durable import alone
from kgbuild.normalizer.checksums import checksum_of
from kgbuild.normalizer.columns import TextColumn, open_table, write_table
from kgbuild.normalizer.grams import GramIndex
from kgbuild.normalizer.lexicon import FORMAT_VERSION, MANIFEST, read_manifest
from kgbuild.normalizer.normal_form import NORMAL_FORM_VERSION
from kgbuild.normalizer.part_processes import read_parts
from kgbuild.normalizer.parts import PARTS_VERSION
from kgbuild.normalizer.tables import Tables, put_together
from kgbuild.records import Failure, Term

if TYPE_CHECKING:
    from kgbuild.ontologies.mappings import Mapping
    from kgbuild.ontologies.schema import Schema

__all__ = [
    "LexiconReport",
    "MappingSource",
    "VocabularySource",
    "build_lexicon",
    "lexicon_fingerprint",
]

Progress = Callable[[str, int], None]

_AUTOMATON_KEYS = 400_000
_AUTOMATA = 4
"""An automaton's build takes 2.2 kB a key for a while: more than 2 GB for a million at once."""


class VocabularySource(Protocol):
    """What ``build_lexicon`` asks of a vocabulary."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def version(self) -> str: ...  # noqa: D102

    @property
    def fingerprint(self) -> str: ...  # noqa: D102

    def terms(self) -> Iterator[Term | Failure]:
        """Yield the terms, and what could not be read."""
        ...


class MappingSource(Protocol):
    """What ``build_lexicon`` asks of a file of mappings; ``MappingFile`` is one."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def fingerprint(self) -> str: ...  # noqa: D102

    def mappings(self) -> Iterator[Mapping | Failure]:
        """Yield the mappings, and what could not be read."""
        ...


@dataclass(frozen=True, slots=True)
class LexiconReport:
    """What a lexicon holds and what was wrong with its vocabularies.

    Attributes:
        folder: where it lies.
        fingerprint: of the vocabularies, the schema and the normal form.
        built: False where the folder held it already and nothing was done.
        terms, names, keys: rows of the tables; obsolete terms count among the terms.
        obsolete: obsolete terms; their names lead to the successor, or nowhere.
        dropped: obsolete terms without a successor, whose names are left out.
        duplicates: terms whose id had been there before; their names were added to the first.
        cycles: each a tuple of CURIEs that are their own ancestors.
        failures: at most 1,000; ``failure_count`` counts all.
        seconds: time taken.
        same: ids that have another, preferred one for the same thing.
        conflicts: matches that were not followed, since two ids of one ontology would have become
            one: (subject, object, the two ids, reason, source), at most 1,000.
        conflict_count: counts all.
    """

    folder: Path
    fingerprint: str
    built: bool
    terms: int
    names: int
    keys: int
    obsolete: int
    dropped: int
    duplicates: int
    cycles: tuple[tuple[str, ...], ...]
    failures: tuple[Failure, ...]
    failure_count: int
    seconds: float
    same: int = 0
    conflicts: tuple[tuple[str, str, str, str, str, str], ...] = ()
    conflict_count: int = 0


def lexicon_fingerprint(
    vocabularies: Sequence[VocabularySource],
    *,
    schema: Schema,
    mappings: Sequence[MappingSource] = (),
    languages: Sequence[str] = ("en",),
) -> str:
    """Return what identifies a lexicon's content: 32 hexadecimal digits.

    The order of the vocabularies does not matter; the version of kgbuild does, since another one
    may gather other names.
    """
    from kgbuild import __version__

    digest = blake2b(digest_size=16)
    sources = sorted((v.name, v.version, v.fingerprint) for v in vocabularies)
    mapped = sorted((m.name, m.fingerprint) for m in mappings)
    parts = [
        __version__, FORMAT_VERSION, PARTS_VERSION, NORMAL_FORM_VERSION, schema.fingerprint,
        sources, mapped, sorted(languages),
    ]  # fmt: skip
    digest.update(json.dumps(parts).encode())
    return digest.hexdigest()


def build_lexicon(
    vocabularies: Sequence[VocabularySource],
    folder: Path,
    *,
    schema: Schema,
    mappings: Sequence[MappingSource] = (),
    languages: Sequence[str] = ("en",),
    parts: Path | None = None,
    processes: int = 1,
    progress: Progress | None = None,
) -> LexiconReport:
    """Make ``folder`` hold the lexicon of ``vocabularies``; do nothing where it does.

    The tables are written beside and come into force when the manifest is replaced, so a killed
    build leaves the former lexicon as it was, and readers that have it open keep it. A second
    process that builds into the same folder waits for the first, then finds the work done.

    Args:
        vocabularies: their order does not matter; of two terms with one id, the one whose
            vocabulary's name sorts first gives name and category, and both give synonyms.
        folder: created where absent.
        schema: knows the categories; a term of an unknown category is a failure.
        mappings: say which ids of different vocabularies mean the same, beside what these say.
        languages: of the names that are looked up (``en`` is also what names no language).
        parts: where the content of each vocabulary is kept, read and folded, so that only a
            new one is read when another lexicon is built; None, or a folder that can't be written
            to, keeps nothing.
        processes: most vocabularies that are read at once, each in a process of its own.
        progress: called with a vocabulary's name and the number of its terms read so far.

    Raises:
        OSError: the folder can't be written.
    """
    started = time.perf_counter()
    fingerprint = lexicon_fingerprint(
        vocabularies, schema=schema, mappings=mappings, languages=languages
    )
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder / ".lock"):
        manifest = read_manifest(folder, missing_ok=True)
        if manifest.get("fingerprint") == fingerprint and _whole(folder, manifest):
            return _report(folder, manifest, built=False, seconds=time.perf_counter() - started)
        ordered = sorted(vocabularies, key=lambda v: (v.name, v.version, v.fingerprint))
        found, bad = _read_mappings(mappings)
        with _writable(parts) as kept:
            read = read_parts(
                ordered, schema=schema, folder=kept, processes=processes, progress=progress
            )
            named = [(v.name, part) for v, part in zip(ordered, read, strict=True)]
            tables = put_together(named, schema=schema, languages=languages, mappings=found)
            del read, named
        tables.failures += bad
        tables.counts["failures"] += len(bad)
        manifest = _publish(folder, tables, fingerprint, ordered)
        return _report(folder, manifest, built=True, seconds=time.perf_counter() - started)


@contextmanager
def _writable(folder: Path | None) -> Iterator[Path]:
    """Yield ``folder``, or one for a while where it is None or can't be written to."""
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            folder = None
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="kgbuild-parts-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _read_mappings(
    sources: Sequence[MappingSource],
) -> tuple[list[tuple[Mapping, str]], list[Failure]]:
    found: list[tuple[Mapping, str]] = []
    failures: list[Failure] = []
    for source in sources:
        for item in source.mappings():
            if isinstance(item, Failure):
                failures.append(item)
            else:
                found.append((item, source.name))
    return found, failures


def _whole(folder: Path, manifest: dict[str, Any]) -> bool:
    data = folder / str(manifest["data"])
    return all(
        (data / name).is_file() and (data / name).stat().st_size == about["bytes"]
        for name, about in manifest["files"].items()
    )


def _publish(
    folder: Path,
    tables: Tables,
    fingerprint: str,
    vocabularies: Sequence[VocabularySource],
) -> dict[str, Any]:
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder))
    try:
        for name in list(tables.tables):
            # What is written is let go: building the indexes needs the memory.
            write_table(tables.tables.pop(name), building / f"{name}.arrow")
        keys = TextColumn(open_table(building / "keys.arrow"), "key")
        GramIndex.build(keys, building)
        automata = _write_automata(keys, building)
        data = f"data-{fingerprint[:12]}-{building.name[-8:]}"
        manifest = {
            "format": FORMAT_VERSION,
            "normal_form": NORMAL_FORM_VERSION,
            "fingerprint": fingerprint,
            "data": data,
            "automata": automata,
            "files": {
                p.name: {"bytes": p.stat().st_size, "blake2b": checksum_of(p)}
                for p in sorted(building.iterdir())
            },
            "categories": tables.categories,
            "vocabularies": [v.name for v in vocabularies],
            "sources": [
                {"name": v.name, "version": v.version, "fingerprint": v.fingerprint}
                for v in vocabularies
            ],
            "counts": tables.counts,
            "cycles": tables.cycles,
            "failures": [
                [f.source, f.stage, f.reason, f.document, f.place] for f in tables.failures
            ],
            "conflicts": [
                [c.subject, c.object, c.first, c.second, c.reason, c.source]
                for c in tables.cliques.conflicts
            ],
        }
        building.chmod(0o755)
        building.rename(folder / data)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    beside = folder / f".{MANIFEST}.new"
    beside.write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
    beside.replace(folder / MANIFEST)
    for old in (*folder.glob("data-*"), *folder.glob(".building-*")):
        if old.name != data:
            shutil.rmtree(old, ignore_errors=True)
    return manifest


def _write_automata(keys: TextColumn, folder: Path) -> list[int]:
    """Write automata of some keys each and return the number of the first key of each."""
    import daachorse

    count = min(_AUTOMATA, -(-len(keys) // _AUTOMATON_KEYS))
    step = -(-len(keys) // count) if count else 0
    firsts = list(range(0, len(keys), step)) if count else []
    for number, first in enumerate(firsts):
        patterns = keys.encoded(first, min(first + step, len(keys)))
        data = daachorse.DoubleArrayAhoCorasick(patterns).serialize()
        (folder / f"automaton-{number}.bin").write_bytes(data)
    return firsts


def _report(
    folder: Path, manifest: dict[str, Any], *, built: bool, seconds: float
) -> LexiconReport:
    counts = manifest["counts"]
    return LexiconReport(
        folder=folder,
        fingerprint=manifest["fingerprint"],
        built=built,
        terms=counts["terms"],
        names=counts["names"],
        keys=counts["keys"],
        obsolete=counts["obsolete"],
        dropped=counts["dropped"],
        duplicates=counts["duplicates"],
        cycles=tuple(tuple(cycle) for cycle in manifest["cycles"]),
        failures=tuple(Failure(s, t, r, d, p) for s, t, r, d, p in manifest["failures"]),
        failure_count=counts["failures"],
        seconds=seconds,
        same=counts["same"],
        conflicts=tuple(tuple(c) for c in manifest["conflicts"]),
        conflict_count=counts["conflicts"],
    )
