"""The folder of a dense index: what lies in it, whose it is, and how it comes to be whole."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kgbuild.durable import alone
from kgbuild.errors import VocabularyError
from kgbuild.records import content_hash

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FAISS_FILE",
    "FORMAT",
    "MANIFEST",
    "VECTORS",
    "built_beside",
    "check_stamp",
    "damaged",
    "is_built",
    "open_names",
    "open_vectors",
    "read_manifest",
    "stamp_file",
    "stamp_of",
    "write_names",
]

FORMAT = 2
MANIFEST, VECTORS, FAISS_FILE = "manifest.json", "vectors.npy", "index.faiss"
_NAMES = "names.arrow"
_STAMP = b"kgbuild"


def is_built(folder: Path) -> bool:
    """Say whether a folder holds an index."""
    return (folder / MANIFEST).is_file()


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return what the manifest says.

    Raises:
        VocabularyError: it can't be read.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise damaged(folder, str(error)) from error
    if not isinstance(manifest, dict):
        raise damaged(folder, f"{MANIFEST} is no object")
    return manifest


def damaged(folder: Path, why: str) -> VocabularyError:
    """Return the error that says so."""
    return VocabularyError(f"the dense index in {folder} is damaged ({why}): delete the folder")


def stamp_of(manifest: Mapping[str, Any]) -> bytes:
    """Return the checksum of whose index it is: the encoder, the lexicon, and the form."""
    whose = [manifest[key] for key in ("format", "encoder", "lexicon", "dimension")]
    return _STAMP + content_hash(*whose).encode()


def stamp_file(path: Path, stamp: bytes) -> None:
    """Write the stamp behind a file's content, where readers of the format don't look."""
    with path.open("ab") as stream:
        stream.write(stamp)


def check_stamp(path: Path, stamp: bytes) -> None:
    """Compare the stamp at a file's end.

    Raises:
        VocabularyError: the file is damaged, or that of an index of another encoder or lexicon.
    """
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - len(stamp)))
            found = stream.read()
    except OSError as error:
        raise damaged(path.parent, str(error)) from error
    if not found.startswith(_STAMP):
        raise damaged(path.parent, f"{path.name} has lost its end")
    if found != stamp:
        raise VocabularyError(
            f"{path} is of an index of another encoder or lexicon, expected that of {MANIFEST} "
            "beside it: delete the folder, and the index is built again"
        )


def open_vectors(folder: Path, stamp: bytes, rows: int) -> NDArray[Any]:
    """Map the vectors.

    Raises:
        VocabularyError: they are damaged, or of another index.
    """
    import numpy as np

    check_stamp(folder / VECTORS, stamp)
    mode: Literal["r"] | None = "r" if rows else None
    try:
        vectors: NDArray[Any] = np.load(folder / VECTORS, mmap_mode=mode, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise damaged(folder, str(error)) from error
    return vectors


def write_names(folder: Path, names: Sequence[tuple[str, str, str]], stamp: bytes) -> None:
    """Write names and CURIEs, in order of row."""
    import pyarrow as pa

    table = pa.table(
        {"name": pa.array([n[0] for n in names], pa.large_utf8()),
         "curie": pa.array([n[1] for n in names], pa.large_utf8())}
    ).replace_schema_metadata({"stamp": stamp})  # fmt: skip
    with (
        pa.OSFile(str(folder / _NAMES), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        writer.write_table(table)


def open_names(folder: Path, stamp: bytes) -> Any:
    """Map the table of names.

    Raises:
        VocabularyError: it is damaged, or of another index.
    """
    import pyarrow as pa

    path = folder / _NAMES
    try:
        names = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise damaged(folder, str(error)) from error
    if (names.schema.metadata or {}).get(b"stamp") != stamp:
        raise VocabularyError(
            f"{path} is of an index of another encoder or lexicon, expected that of {MANIFEST} "
            "beside it: delete the folder, and the index is built again"
        )
    return names


@contextmanager
def built_beside(folder: Path, *, replace: bool) -> Iterator[Path | None]:
    """Give a folder to write in, and rename it to ``folder`` when that went well.

    One process builds at a time; one that waited for another gets None where that one's index
    will do.

    Raises:
        VocabularyError: the folder can't be written.
    """
    parent = folder.parent
    prefix = f".{folder.name}.building-"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with alone(parent / f".{folder.name}.lock"):
            if is_built(folder) and not replace:
                yield None
                return
            _sweep(parent, prefix)
            place = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
            try:
                yield place
                place.chmod(0o755)
                if folder.exists():
                    shutil.rmtree(folder)
                place.rename(folder)
            finally:
                shutil.rmtree(place, ignore_errors=True)
    except OSError as error:
        raise VocabularyError(f"the dense index can't be written in {folder}: {error}") from error


def _sweep(parent: Path, prefix: str) -> None:
    """Delete what builds that were killed more than a day ago left."""
    for leftover in parent.glob(f"{prefix}*"):
        if time.time() - leftover.stat().st_mtime > 86_400:
            shutil.rmtree(leftover, ignore_errors=True)
