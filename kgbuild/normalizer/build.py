"""Building a lexicon: vocabularies in, one portable folder of memory-mapped tables out."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kgbuild.durable import alone
from kgbuild.normalizer.columns import TextColumn, open_table, write_table
from kgbuild.normalizer.gather import Gathered, gather
from kgbuild.normalizer.lexicon import FORMAT_VERSION, MANIFEST, read_manifest
from kgbuild.normalizer.normal_form import NORMAL_FORM_VERSION
from kgbuild.records import Failure, Term

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["LexiconReport", "VocabularySource", "build_lexicon", "lexicon_fingerprint"]

Progress = Callable[[str, int], None]


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


def lexicon_fingerprint(vocabularies: Sequence[VocabularySource], *, schema: Schema) -> str:
    """Return what identifies a lexicon's content: 32 hexadecimal digits.

    The order of the vocabularies does not matter; the version of kgbuild does, since another one
    may gather other names.
    """
    from kgbuild import __version__

    digest = blake2b(digest_size=16)
    sources = sorted((v.name, v.version, v.fingerprint) for v in vocabularies)
    parts = [__version__, FORMAT_VERSION, NORMAL_FORM_VERSION, schema.fingerprint, sources]
    digest.update(json.dumps(parts).encode())
    return digest.hexdigest()


def build_lexicon(
    vocabularies: Sequence[VocabularySource],
    folder: Path,
    *,
    schema: Schema,
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
        progress: called with a vocabulary's name and the number of its terms read so far.

    Raises:
        OSError: the folder can't be written.
    """
    started = time.perf_counter()
    fingerprint = lexicon_fingerprint(vocabularies, schema=schema)
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder / ".lock"):
        manifest = read_manifest(folder, missing_ok=True)
        if manifest.get("fingerprint") == fingerprint and _whole(folder, manifest):
            return _report(folder, manifest, built=False, seconds=time.perf_counter() - started)
        gathered = gather(
            sorted(vocabularies, key=lambda v: (v.name, v.version, v.fingerprint)),
            schema=schema,
            progress=progress,
        )
        manifest = _publish(folder, gathered, fingerprint, vocabularies)
        return _report(folder, manifest, built=True, seconds=time.perf_counter() - started)


def _whole(folder: Path, manifest: dict[str, Any]) -> bool:
    data = folder / str(manifest["data"])
    return all(
        (data / name).is_file() and (data / name).stat().st_size == size
        for name, size in manifest["files"].items()
    )


def _publish(
    folder: Path,
    gathered: Gathered,
    fingerprint: str,
    vocabularies: Sequence[VocabularySource],
) -> dict[str, Any]:
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=folder))
    try:
        for name in list(gathered.tables):
            # What is written is let go: building the automaton needs the memory.
            write_table(gathered.tables.pop(name), building / f"{name}.arrow")
        (building / "automaton.bin").write_bytes(_automaton(building / "keys.arrow"))
        data = f"data-{fingerprint[:12]}-{building.name[-8:]}"
        manifest = {
            "format": FORMAT_VERSION,
            "normal_form": NORMAL_FORM_VERSION,
            "fingerprint": fingerprint,
            "data": data,
            "files": {p.name: p.stat().st_size for p in sorted(building.iterdir())},
            "categories": gathered.categories,
            "vocabularies": gathered.vocabularies,
            "sources": [
                {"name": v.name, "version": v.version, "fingerprint": v.fingerprint}
                for v in sorted(vocabularies, key=lambda v: v.name)
            ],
            "counts": gathered.counts,
            "cycles": gathered.cycles,
            "failures": [
                [f.source, f.stage, f.reason, f.document, f.place] for f in gathered.failures
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


def _automaton(keys: Path) -> bytes:
    import daachorse

    patterns = TextColumn(open_table(keys), "key").encoded()
    if not patterns:
        return b""
    return bytes(daachorse.DoubleArrayAhoCorasick(patterns).serialize())


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
    )
