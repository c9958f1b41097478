"""From a trained torch module to what ships: ONNX with int8 weights, word embeddings shared.

Matrices are quantized per column to seven bits with a sign. With a sign, since without one ONNX
Runtime runs them three times slower on processors with VNNI; seven, since processors without VNNI
add pairs of products up in 16 bits, where those of eight bits overflow, and the same text would get
other scores there. Activations are quantized row by row. Word embeddings are int8 with a scale for
each row, in a file of their own, which any number of models that were trained over the same frozen
embeddings name; embeddings of positions are fp16.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from kgbuild.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

__all__ = ["WORDS_FILE", "export_onnx", "halve_positions", "write_words"]

WORDS_FILE = "words.bin"
_OPSET = 17


def write_words(embeddings: NDArray[np.float32], folder: Path) -> Path:
    """Write word embeddings, ``(pieces, width)``, as int8 rows and then one float32 scale a row."""
    rows, scales = _quantize_rows(embeddings)
    path = folder / WORDS_FILE
    data = rows.tobytes() + scales.tobytes()
    if not path.is_file() or path.read_bytes() != data:
        path.write_bytes(data)
    return path


def export_onnx(
    model: nn.Module,
    path: Path,
    *,
    inputs: Mapping[str, Tensor],
    outputs: Mapping[str, Mapping[int, str]],
    axes: Mapping[str, Mapping[int, str]],
    quantize: bool = True,
) -> None:
    """Write ``model`` to ``path``, with its word embeddings in ``WORDS_FILE`` beside it.

    Args:
        model: its forward takes ``inputs`` in order, and looks words up in ``model.encoder``'s
            embeddings.
        path: of the ONNX file.
        inputs: an example of each input, by name.
        outputs: names of the outputs, each with its dynamic axes.
        axes: the inputs' dynamic axes.
        quantize: int8 matrices; without, fp32 (to measure what int8 costs).

    Raises:
        ConfigError: the folder holds the word embeddings of other models.
    """
    import onnx
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    from kgbuild.training.row_ranges import quantize_by_row

    encoder: Any = model.encoder
    table: Any = encoder.get_input_embeddings().weight
    _check_words(table.detach().numpy(), path.parent)
    model.eval()
    with TemporaryDirectory() as scratch, torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = Path(scratch) / "whole.onnx"
        torch.onnx.export(
            model, tuple(inputs.values()), str(whole), input_names=list(inputs),
            output_names=list(outputs), dynamic_axes={**axes, **outputs},
            opset_version=_OPSET, dynamo=False,
        )  # fmt: skip
        if quantize:
            small = Path(scratch) / "small.onnx"
            with _without_advice():
                quantize_dynamic(
                    str(whole), str(small), weight_type=QuantType.QInt8, per_channel=True,
                    reduce_range=True, op_types_to_quantize=["MatMul", "Gemm"],
                )  # fmt: skip
            whole = small
        graph = onnx.load(str(whole))
    if quantize:
        quantize_by_row(graph)
        halve_positions(graph)
    _share_words(graph, table.detach().numpy())
    onnx.save(graph, str(path))


@contextmanager
def _without_advice() -> Iterator[None]:
    """Keep ONNX Runtime from advising, by the root logger, steps that dynamic ranges don't need."""
    root = logging.getLogger()

    def is_other(record: logging.LogRecord) -> bool:
        return "pre-processing before quantization" not in record.getMessage()

    root.addFilter(is_other)
    try:
        yield
    finally:
        root.removeFilter(is_other)


def _quantize_rows(
    embeddings: NDArray[np.float32],
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    import numpy as np

    scales = np.maximum(np.abs(embeddings).max(axis=1, keepdims=True) / 127, 1e-12)
    rows = np.rint(embeddings / scales).astype(np.int8)
    return rows, scales.astype(np.float32)


def _check_words(embeddings: NDArray[np.float32], folder: Path) -> None:
    rows, scales = _quantize_rows(embeddings)
    path = folder / WORDS_FILE
    if path.is_file() and path.read_bytes() != rows.tobytes() + scales.tobytes():
        raise ConfigError(
            f"{path} holds other word embeddings: models share a folder only if they were trained "
            "from the same base with freeze_words; name another folder"
        )
    write_words(embeddings, folder)


def _share_words(graph: Any, embeddings: NDArray[np.float32]) -> None:
    """Replace the look-up of words by one in the shared file."""
    from onnx import TensorProto

    count, width = embeddings.shape
    tensors = {tensor.name: tensor for tensor in graph.graph.initializer}
    name = next(
        (
            node.input[0]
            for node in graph.graph.node
            if node.op_type == "Gather"
            and node.input[0] in tensors
            and list(tensors[node.input[0]].dims) == [count, width]
        ),
        None,
    )
    if name is None:
        raise ConfigError("the exported graph looks no words up: its encoder isn't BERT-like")
    nodes: list[Any] = []
    for node in graph.graph.node:
        if node.op_type == "Gather" and node.input[0] == name:
            nodes += _look_up(node)
        else:
            nodes.append(node)
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)
    graph.graph.initializer.remove(tensors[name])
    graph.graph.initializer.extend(
        [
            _outside("words.int8", TensorProto.INT8, (count, width), 0, count * width),
            _outside("words.scale", TensorProto.FLOAT, (count, 1), count * width, 4 * count),
        ]
    )


def halve_positions(graph: Any) -> None:
    """Keep position embeddings in fp16, in place; they are read as fp32."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    for tensor in graph.graph.initializer:
        if (
            tensor.name.endswith("position_embeddings.weight")
            and tensor.data_type == TensorProto.FLOAT
        ):
            name = tensor.name
            half = numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(half, name))
            whole = f"{name}.whole"
            for node in graph.graph.node:
                node.input[:] = [whole if given == name else given for given in node.input]
            cast = helper.make_node("Cast", [name], [whole], to=TensorProto.FLOAT)
            graph.graph.node.insert(0, cast)


def _look_up(node: Any) -> Sequence[Any]:
    from onnx import TensorProto, helper

    out = node.output[0]
    return [
        helper.make_node("Gather", ["words.int8", node.input[1]], [f"{out}.int8"]),
        helper.make_node("Cast", [f"{out}.int8"], [f"{out}.float"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["words.scale", node.input[1]], [f"{out}.scale"]),
        helper.make_node("Mul", [f"{out}.float", f"{out}.scale"], [out]),
    ]


def _outside(name: str, kind: int, dims: Sequence[int], offset: int, length: int) -> Any:
    """Return a tensor that lies in the shared file."""
    from onnx import TensorProto

    tensor = TensorProto(name=name, data_type=kind, dims=dims)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", WORDS_FILE), ("offset", offset), ("length", length)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor
