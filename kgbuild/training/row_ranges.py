"""Activations quantized row by row: a text gets the same scores whatever else is in its batch.

What ONNX Runtime's ``quantize_dynamic`` makes takes one range for all activations of a batch. Then
a text's scores depend on its neighbours, and one large value makes all others coarse. Here each
row, that is each word piece, has a range of its own, symmetric round zero (vector-wise
quantization, Dettmers et al. 2022, LLM.int8()).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kgbuild.errors import ConfigError

__all__ = ["quantize_by_row"]

_CONSTANTS: dict[str, NDArray[Any]] = {
    "row.zero": np.array(128, np.uint8),
    "row.steps": np.array(127, np.float32),
    "row.least": np.array(1e-8, np.float32),
    "row.one": np.array(1, np.float32),
}


def quantize_by_row(model: Any) -> None:
    """Change an ONNX model that ``quantize_dynamic`` made, in place.

    Args:
        model: with matrices of weights to the right, quantized per column.

    Raises:
        ConfigError: a product of its isn't followed by a cast and a product with both scales.
    """
    from onnx import helper, numpy_helper

    graph = model.graph
    users: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    weights = {tensor.name for tensor in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}
    gone: set[str] = set()
    products: dict[str, list[Any]] = {}
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            result, scales, replaced = _followed(node, users, makers, weights)
            products[node.output[0]] = list(_product(node, result, *scales))
            gone.update(replaced)
    nodes: list[Any] = []
    for node in graph.node:
        if node.op_type == "DynamicQuantizeLinear":
            nodes += _quantize(node)
        elif node.output[0] in products:
            nodes += products[node.output[0]]
        elif node.output[0] not in gone:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in _CONSTANTS.items()
    )
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _followed(
    product: Any, users: dict[str, list[Any]], makers: dict[str, Any], weights: set[str]
) -> tuple[str, tuple[str, str], list[str]]:
    """Return where a product ends, the scales of rows and columns, and outputs that go."""
    [cast] = users[product.output[0]]
    [scaled] = users[cast.output[0]]
    both = makers.get(next(name for name in scaled.input if name != cast.output[0]))
    kinds = (cast.op_type, scaled.op_type, both and both.op_type)
    if kinds != ("Cast", "Mul", "Mul") or both is None:
        raise ConfigError(
            f"{product.name} is followed by {kinds}: expected Cast, Mul, Mul, as "
            "onnxruntime.quantization.quantize_dynamic writes"
        )
    rows, columns = sorted(both.input, key=weights.__contains__)
    result: str = scaled.output[0]
    return result, (rows, columns), [cast.output[0], result, both.output[0]]


def _product(node: Any, result: str, rows: str, columns: str) -> Iterator[Any]:
    from onnx import helper

    left, right, _, zero = node.input
    yield helper.make_node(
        "MatMulIntegerToFloat", [left, right, "row.one", columns, "row.zero", zero],
        [f"{result}.unscaled"], domain="com.microsoft",
    )  # fmt: skip
    yield helper.make_node("Mul", [f"{result}.unscaled", rows], [result])


def _quantize(node: Any) -> Iterator[Any]:
    from onnx import helper

    [values], (quantized, scale, _) = node.input, node.output

    def step(kind: str, inputs: list[str], output: str, **more: Any) -> Any:
        return helper.make_node(kind, inputs, [output], **more)

    largest, inverse = f"{values}.largest", f"{values}.inverse"
    yield step("ReduceMax", [values], f"{values}.high", axes=[-1], keepdims=1)
    yield step("ReduceMin", [values], f"{values}.low", axes=[-1], keepdims=1)
    yield step("Neg", [f"{values}.low"], f"{values}.depth")
    yield step("Max", [f"{values}.high", f"{values}.depth", "row.least"], largest)
    yield step("Div", [largest, "row.steps"], scale)
    yield step("Div", ["row.steps", largest], inverse)
    yield step("Mul", [values, inverse], f"{values}.scaled")
    yield step("QuantizeLinear", [f"{values}.scaled", "row.one", "row.zero"], quantized)
