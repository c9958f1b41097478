"""Where kgbuild keeps what it can make or fetch again."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """Return ``$KGBUILD_CACHE``, else ``$XDG_CACHE_HOME/kgbuild``, else ``~/.cache/kgbuild``."""
    if named := os.environ.get("KGBUILD_CACHE"):
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "kgbuild"
