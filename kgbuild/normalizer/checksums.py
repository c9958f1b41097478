"""Checksums of a lexicon's files: written when it is built, compared when asked."""

from __future__ import annotations

from hashlib import blake2b, file_digest
from pathlib import Path

from kgbuild.errors import VocabularyError
from kgbuild.normalizer.lexicon import read_manifest

__all__ = ["checksum_of", "verify_lexicon"]


def checksum_of(path: Path) -> str:
    """Return the BLAKE2b hash of a file, 32 hexadecimal digits.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as stream:
        return file_digest(stream, lambda: blake2b(digest_size=16)).hexdigest()


def verify_lexicon(folder: Path) -> None:
    """Read all files of a lexicon and compare them with the checksums of its manifest.

    Opening compares nothing, since it reads only what it needs; this is for a folder that was
    copied, or that a disk has made doubtful.

    Raises:
        VocabularyError: there is none, or a file differs; the message names it.
    """
    manifest = read_manifest(folder)
    for name, about in manifest["files"].items():
        path = folder / manifest["data"] / name
        try:
            found = checksum_of(path)
        except OSError as error:
            found = f"unreadable: {error.strerror}"
        if found != about["blake2b"]:
            raise VocabularyError(
                f"{path} is not what was built (checksum {found}, expected {about['blake2b']}): "
                f"delete {folder} and build it again, or copy it again"
            )
