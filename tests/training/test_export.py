"""Int8 models give the same on every processor and in every batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper
from tiny_base import make_base

from kgbuild.extractors.tagger import SHIPPED_MODEL
from kgbuild.training.export import export_onnx

IDS = np.random.default_rng(3).integers(5, 60, (4, 20))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose matrices have a few large weights of one sign side by side."""
    import torch
    from torch import nn
    from transformers import BertModel

    class Whole(nn.Module):
        def __init__(self, base: Path) -> None:
            super().__init__()
            self.encoder = BertModel.from_pretrained(base)
            with torch.no_grad():
                for name, weight in self.encoder.named_parameters():
                    if "intermediate.dense.weight" in name:
                        weight.copy_(weight.abs().max())

        def forward(self, ids: Any) -> Any:
            return self.encoder(ids).last_hidden_state

    folder = tmp_path_factory.mktemp("export")
    path = folder / "model.onnx"
    export_onnx(
        Whole(make_base(folder / "base")), path, inputs={"ids": torch.arange(12).reshape(2, 6)},
        outputs={"states": {0: "rows", 1: "pieces"}}, axes={"ids": {0: "rows", 1: "pieces"}},
    )  # fmt: skip
    return path


def run(path: Path, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    states: NDArray[np.float32] = session.run(None, {"ids": ids})[0]
    return states


def matrices(model: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the weights of each integer product, and their zero point."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "MatMulIntegerToFloat":
            yield tensors[node.input[1]], tensors[node.input[5]]


def test_every_kernel_gives_the_same(exported: Path) -> None:
    """Weights without a sign go through a kernel that adds up in 32 bits on any processor."""
    model = onnx.load(exported, load_external_data=False)
    for pair in matrices(model):
        for tensor in pair:
            shifted = (numpy_helper.to_array(tensor).astype(int) + 128).astype(np.uint8)
            tensor.CopyFrom(numpy_helper.from_array(shifted, tensor.name))
    other = exported.with_name("unsigned.onnx")
    onnx.save(model, other)

    assert np.array_equal(run(exported, IDS), run(other, IDS))


def test_a_row_gets_the_same_whatever_is_beside_it(exported: Path) -> None:
    together = run(exported, IDS)
    alone = np.concatenate([run(exported, IDS[row : row + 1]) for row in range(len(IDS))])
    assert np.allclose(together, alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["mentions", "relations", "names"])
def test_products_of_the_shipped_weights_fit_16_bits_in_pairs(name: str) -> None:
    model = onnx.load(SHIPPED_MODEL / f"{name}.onnx", load_external_data=False)
    weights = [numpy_helper.to_array(tensor).astype(int) for tensor, _ in matrices(model)]
    assert len(weights) >= 12
    assert all(weight.min() < 0 and np.abs(weight).max() * 2 * 255 < 2**15 for weight in weights)
