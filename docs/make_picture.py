"""Draw docs/images/graph.png: what the example abstracts say round warfarin.

Run it as ``python docs/make_picture.py`` after a change of the examples, the patterns or the
picture itself; it needs the extra ``notebook``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl

import kgbuild

ROOT = Path(__file__).resolve().parents[1]


def main(path: Path = ROOT / "docs" / "images" / "graph.png") -> None:
    """Build the graph of the examples and write the picture to ``path``."""
    mpl.use("Agg")
    config = kgbuild.Config.model_validate({"grounding": {"dense": "off"}})
    graph = kgbuild.build(ROOT / "examples" / "pubmed", config=config)
    graph.plot("warfarin", hops=2, limit=24, path=path)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
