from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for wheels, so that each is downloaded once a session."""
    return tmp_path_factory.mktemp("packages")


@pytest.fixture
def cache(tmp_path: Path, packages: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of kgbuild's, but for the wheels of the session."""
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "packages").symlink_to(packages, target_is_directory=True)
    monkeypatch.setenv("KGBUILD_CACHE", str(folder))
    return folder
