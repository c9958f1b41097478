"""Text in, a knowledge graph with evidence out.

>>> import kgbuild
>>> graph = kgbuild.build(texts=["Warfarin increases the risk of hemorrhage."])
>>> graph.find("warfarin")["id"].tolist()
['MESH:D014859']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kgbuild.api import build, build_into
    from kgbuild.api import open_graph as open
    from kgbuild.config import Config, load_config
    from kgbuild.errors import KgbuildError
    from kgbuild.graph import Graph
    from kgbuild.pipeline import BuildReport
    from kgbuild.records import (
        AnnotatedDocument,
        Document,
        Evidence,
        Failure,
        Grounding,
        Mention,
        Passage,
        Relation,
        Statement,
    )

__version__ = "0.1.0"

__all__ = [
    "AnnotatedDocument",
    "BuildReport",
    "Config",
    "Document",
    "Evidence",
    "Failure",
    "Graph",
    "Grounding",
    "KgbuildError",
    "Mention",
    "Passage",
    "Relation",
    "Statement",
    "build",
    "build_into",
    "load_config",
    "open",
]

_HOMES = {
    "BuildReport": ("kgbuild.pipeline", "BuildReport"),
    "Config": ("kgbuild.config", "Config"),
    "Graph": ("kgbuild.graph", "Graph"),
    "KgbuildError": ("kgbuild.errors", "KgbuildError"),
    "build": ("kgbuild.api", "build"),
    "build_into": ("kgbuild.api", "build_into"),
    "load_config": ("kgbuild.config", "load_config"),
    "open": ("kgbuild.api", "open_graph"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'kgbuild' has no attribute {name!r}")
    module, attribute = _HOMES.get(name, ("kgbuild.records", name))
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
