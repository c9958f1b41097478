"""Reading several vocabularies at once, each in a process of its own.

The processes are plain ones, not ``multiprocessing``'s: those import the user's script again, which
only a script that guards its main part stands.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.normalizer.parts import Part, is_kept, read_part

if TYPE_CHECKING:
    from kgbuild.normalizer.build import VocabularySource
    from kgbuild.ontologies.schema import Schema

__all__ = ["read_parts"]

_WORTH_IT = 1_000_000
"""Bytes of files, compressed or not, from which a process of its own pays for its start."""


def read_parts(
    vocabularies: Sequence[VocabularySource],
    *,
    schema: Schema,
    folder: Path,
    processes: int,
    progress: Callable[[str, int], None] | None = None,
) -> list[Part]:
    """Return the part of each vocabulary; see ``read_part``.

    What a process fails to read this one reads again, and raises what is to be raised.
    """
    large = [v for v in vocabularies if _size(v) >= _WORTH_IT]
    if processes > 1 and len(large) > 1:
        todo = [v for v in large if not is_kept(v, schema=schema, folder=folder)]
        with ThreadPoolExecutor(processes) as pool:
            for vocabulary in sorted(todo, key=_size, reverse=True):
                if progress:
                    progress(vocabulary.name, 0)
                pool.submit(_read, pickle.dumps((vocabulary, schema, folder)))
    return [read_part(v, schema=schema, folder=folder, progress=progress) for v in vocabularies]


def _size(vocabulary: VocabularySource) -> int:
    files: Sequence[Path] = getattr(vocabulary, "files", ())
    return sum(file.stat().st_size for file in files if file.is_file())


def _read(work: bytes) -> None:
    subprocess.run(  # noqa: S603 - this very interpreter and module
        [sys.executable, "-m", __name__],
        input=work, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


if __name__ == "__main__":
    read, known, place = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - from ``_read``
    read_part(read, schema=known, folder=place)
