"""The weights of a model that was exported to ONNX, so that a training can begin with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["WORDS", "exported_weights"]

WORDS = "words"
"""Under this name stand the word embeddings, whatever the encoder calls them."""

_RESULT = re.compile(r"/(?P<module>.+)/(?:MatMul|Gemm)_output_0(?:_MatMul)?(?:\.unscaled)?")
_TURNED = re.compile(r"(?P<weight>.+)_Transposed_quantized")


def exported_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return weights by their names in the module that ``export_onnx`` was given.

    Int8 matrices are rounded to their 127 steps, as they are when the model runs.

    Raises:
        ConfigError: the file isn't ONNX, or lacks the word embeddings beside it.
    """
    import onnx
    from onnx import numpy_helper

    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:  # protobuf's and onnx's own have no base in common
        raise ConfigError(
            f"{path} can't be read as a model ({error}): expected an .onnx file that `kgbuild "
            "train` wrote, with words.bin beside it"
        ) from error
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = dict(_matrices(graph, tensors))
    found |= {
        name.removeprefix("net."): value.astype("float32")
        for name, value in tensors.items()
        if name.endswith((".weight", ".bias"))
    }
    if "words.int8" in tensors:
        found[WORDS] = tensors["words.int8"] * tensors["words.scale"]
    return found


def _matrices(
    graph: Any, tensors: dict[str, NDArray[Any]]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield matrices of products, which the export has renamed, by the modules of their results."""
    for node in graph.node:
        if node.op_type == "MatMulIntegerToFloat":
            _, right, _, scale, _, zero = node.input
            steps = tensors[right].astype("float32") - tensors[zero]
            matrix = steps * tensors[scale]
        elif node.op_type == "MatMul" and node.input[1] in tensors:
            right = node.input[1]
            matrix = tensors[right]
        else:
            continue
        if turned := _TURNED.fullmatch(right):
            yield turned["weight"].removeprefix("net."), matrix.T
        elif result := _RESULT.fullmatch(node.output[0]):
            yield f"{result['module'].replace('/', '.')}.weight", matrix.T
