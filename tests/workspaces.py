"""Small builds that several tests begin with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kgbuild.config import Config, RunConfig
from kgbuild.graph import Graph
from kgbuild.tables import GRAPH_TABLES
from kgbuild.workspace import Workspace

SENTENCES = (
    "Metformin is used to treat type 2 diabetes.",
    "Aspirin inhibits PTGS1.",
    "Warfarin causes hemorrhage.",
    "Metformin treats type 2 diabetes in adults.",
    "Imatinib inhibits ABL1 and treats chronic myeloid leukemia.",
    "Smoking is bad. Simvastatin lowers cholesterol.",
    "Vitamin C does not prevent the common cold.",
)


CONFIG = Config(run=RunConfig(shard_documents=2))


def write(path: Path, id: str, text: str, **more: Any) -> None:
    path.write_text(json.dumps({"id": id, "text": text, **more}) + "\n")


def content(folder: Path) -> dict[str, list[dict[str, Any]]]:
    graph = Graph.open(folder)
    return {name: graph.tables.read(name).to_pylist() for name in GRAPH_TABLES}


def texts(folder: Path) -> dict[str, str]:
    with Workspace(folder) as workspace:
        return {item.document.id: item.document.text for item in workspace.documents()}
