from __future__ import annotations

from pathlib import Path

import pytest
from gold_corpus import GOLD, configured

from kgbuild.config import Config


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.pubtator"
    path.write_text(GOLD, "utf-8")
    return path


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return configured(tmp_path)
