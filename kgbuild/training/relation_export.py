"""Exporting a trained relation model: ONNX, int8, and what its columns mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from kgbuild.extractors.bag_model import BAG_FILE
from kgbuild.extractors.relation_model import DESCRIPTION_FILE, MODEL_FILE, feed_of
from kgbuild.training.export import export_onnx
from kgbuild.training.relation_model import RelationGraph, RelationNet

if TYPE_CHECKING:
    from kgbuild.extractors.bag_model import BagModel
    from kgbuild.extractors.relation_labels import RelationLabels
    from kgbuild.extractors.relation_units import RelationUnit

__all__ = ["export_relations"]

_AXES = {
    "ids": {1: "pieces"},
    "marks": {1: "pieces"},
    "spans": {0: "mentions", 1: "pieces"},
    "members": {0: "entities", 1: "mentions"},
    "pairs": {0: "pairs"},
    "features": {0: "pairs"},
}


def export_relations(
    net: RelationNet,
    labels: RelationLabels,
    folder: Path,
    *,
    tokenizer: Path,
    sample: RelationUnit,
    measures: Mapping[str, float],
    bag: BagModel | None = None,
    quantize: bool = True,
) -> None:
    """Write the model as ``RelationModel`` opens it: relations.onnx, .json and .npz, and tokenizer.

    Args:
        net: the trained model, on the CPU.
        labels: calibrated.
        folder: to write to.
        tokenizer: the base's tokenizer.json.
        sample: any window, to trace the model with.
        measures: kept in relations.json.
        bag: the linear model beside the network.
        quantize: int8 matrices; without, fp32 (to measure what int8 costs).
    """
    folder.mkdir(parents=True, exist_ok=True)
    export_onnx(
        RelationGraph(net),
        folder / MODEL_FILE,
        inputs={name: torch.from_numpy(array) for name, array in feed_of(sample).items()},
        outputs={"logits": {0: "pairs"}, "weights": {0: "pairs", 1: "pieces"}},
        axes=_AXES,
        quantize=quantize,
    )
    if bag is not None:
        bag.save(folder / BAG_FILE)
    said = labels.to_json() | {
        "bag": bag is not None,
        "development": {k: round(v, 4) for k, v in measures.items()},
    }
    text = json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / DESCRIPTION_FILE).write_text(text, encoding="utf-8")
    (folder / "tokenizer.json").write_bytes(tokenizer.read_bytes())
