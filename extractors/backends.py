"""Token classifiers as arrays in, arrays out: torch and ONNX Runtime behind one seam."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from kgbuild.checkpoints import ONNX_FILES, find_weights, quiet_transformers
from kgbuild.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "BackendName",
    "OnnxClassifier",
    "OnnxSession",
    "Precision",
    "TokenClassifier",
    "TorchClassifier",
    "choose_backend",
    "choose_device",
    "choose_precision",
    "find_onnx",
    "open_classifier",
    "open_session",
    "pad",
    "wanted_files",
]

BackendName = Literal["torch", "onnx"]
Precision = Literal["auto", "fp32", "bf16", "fp16"]

_KNOWN_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}


class TokenClassifier(Protocol):
    """A model that scores the labels of each token."""

    @property
    def weights(self) -> Sequence[Path]:
        """The files that the model was read from."""
        ...

    def logits(self, rows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return ``(len(rows), longest row, labels)``; places past a row's end hold anything."""
        ...


def pad(
    rows: Sequence[Sequence[int]], *, pad_id: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return token ids and attention mask, ``(len(rows), longest row)`` each.

    >>> pad([[5, 6], [7]])[1].tolist()
    [[1, 1], [1, 0]]
    """
    import numpy as np

    longest = max(map(len, rows), default=0)
    ids = np.full((len(rows), longest), pad_id, dtype=np.int64)
    mask = np.zeros((len(rows), longest), dtype=np.int64)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return ids, mask


def find_onnx(folder: Path, file: str | None = None) -> Path | None:
    """Return the exported model in ``folder``, full precision before quantized, or None."""
    names = (file,) if file is not None else ONNX_FILES
    return next((folder / name for name in names if (folder / name).is_file()), None)


def choose_backend(folder: Path, backend: str, *, onnx_file: str | None = None) -> BackendName:
    """Return the backend that runs ``folder``: ONNX Runtime where it is exported and installed.

    Raises:
        ConfigError: ``backend`` is unknown, or needs a file that is not there.
    """
    from importlib.util import find_spec

    exported = find_onnx(folder, onnx_file)
    if backend not in {"auto", "torch", "onnx"}:
        raise ConfigError(f"unknown backend {backend!r}: expected auto, torch or onnx")
    if (backend == "onnx" or onnx_file is not None) and exported is None:
        names = onnx_file or ", ".join(ONNX_FILES)
        raise ConfigError(
            f"no exported model in {folder}: expected {names}. Export one, e.g. optimum-cli "
            "export onnx --task token-classification, or use backend='torch'"
        )
    if backend == "torch":
        return "torch"
    if backend == "onnx":
        return "onnx"
    has_torch_weights = next(folder.glob("*.safetensors"), None) is not None
    if exported is not None and (find_spec("onnxruntime") or not has_torch_weights):
        return "onnx"
    return "torch"


def choose_device(device: str) -> str:
    """Return ``device``, or for auto ``cuda`` where torch sees one, else ``cpu``.

    Raises:
        ConfigError: CUDA is asked for and torch sees none.
    """
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ConfigError(
            f"device {device!r} was asked for and torch {torch.__version__} sees no CUDA device: "
            "use device='cpu', or install torch for CUDA"
        )
    return device


def choose_precision(precision: str, device: str) -> Any:
    """Return torch's dtype: for auto half precision on CUDA (bf16 where it can), else float32."""
    import torch

    known = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
    if precision == "auto":
        if not device.startswith("cuda"):
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if precision not in known:
        raise ConfigError(
            f"unknown precision {precision!r}: expected auto, {', '.join(sorted(known))}"
        )
    return known[precision]


class TorchClassifier:
    """A checkpoint run by torch through transformers' own model classes, never remote code."""

    def __init__(
        self,
        folder: Path,
        *,
        device: str = "auto",
        precision: Precision = "auto",
        allow_pickle: bool = False,
    ) -> None:
        try:
            import torch
            from safetensors import SafetensorError
            from transformers import AutoModelForTokenClassification
        except ImportError:
            raise MissingExtraError("transformers", needed_for="a transformer on torch") from None
        self.weights: Sequence[Path] = find_weights(folder, allow_pickle=allow_pickle)
        self._torch = torch
        self._device = choose_device(device)
        try:
            with quiet_transformers():
                model, report = AutoModelForTokenClassification.from_pretrained(
                    str(folder),
                    dtype=choose_precision(precision, self._device),
                    use_safetensors=self.weights[0].suffix == ".safetensors",
                    trust_remote_code=False,
                    local_files_only=True,
                    output_loading_info=True,
                )
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ConfigError(
                f"{folder} can't be loaded for token classification: {error}"
            ) from error
        # transformers fills what is missing with random numbers and goes on.
        if report["missing_keys"]:
            raise ConfigError(
                f"{folder} is no token classifier: its weights lack "
                f"{', '.join(sorted(report['missing_keys'])[:5])}; train it for that task first"
            )
        self._model = model.to(self._device).eval()
        self._pad_id = model.config.pad_token_id or 0

    def logits(self, rows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return ``(len(rows), longest row, labels)``."""
        torch = self._torch
        ids, mask = pad(rows, pad_id=self._pad_id)
        with torch.inference_mode():
            output = self._model(
                input_ids=torch.from_numpy(ids).to(self._device, non_blocking=True),
                attention_mask=torch.from_numpy(mask).to(self._device, non_blocking=True),
            ).logits
            result: NDArray[np.float32] = output.float().cpu().numpy()
        return result


def open_session(path: Path, *, threads: int = 0, device: str = "auto") -> Any:
    """Return ONNX Runtime's session of an exported model.

    Args:
        path: of the model.
        threads: cores that a run uses; 0 is all.
        device: auto, cpu or cuda.

    Raises:
        ConfigError: the file can't be loaded, or CUDA is asked for and not offered.
    """
    import onnxruntime

    available = onnxruntime.get_available_providers()
    cuda = "CUDAExecutionProvider"
    if device.startswith("cuda") and cuda not in available:
        raise ConfigError(
            f"device {device!r} was asked for and onnxruntime offers {', '.join(available)}: "
            "install onnxruntime-gpu, or use device='cpu'"
        )
    providers = ["CPUExecutionProvider"]
    if cuda in available and device != "cpu":
        providers.insert(0, cuda)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # onnxruntime's exceptions derive from Exception alone
        raise ConfigError(f"{path} can't be loaded by ONNX Runtime: {error}") from error


class OnnxSession:
    """An exported model run by ONNX Runtime: no torch, no transformers.

    Raises:
        ConfigError: the file can't be loaded, or has inputs that are no BERT-like encoder's.
    """

    def __init__(self, path: Path, *, device: str = "auto", pad_id: int = 0) -> None:
        self._session = open_session(path, device=device)
        # Weights above 2 GB, and those of torch's exporter by default, lie beside the model.
        beside = sorted(p for p in path.parent.glob("*.onnx_data")) + sorted(
            p for p in path.parent.glob("*.onnx.data")
        )
        self.weights: Sequence[Path] = [path, *beside]
        self._pad_id = pad_id
        self._inputs = [item.name for item in self._session.get_inputs()]
        self.outputs = [item.name for item in self._session.get_outputs()]
        unknown = set(self._inputs) - _KNOWN_INPUTS
        if unknown or "input_ids" not in self._inputs:
            raise ConfigError(
                f"{path} takes the inputs {', '.join(self._inputs)}: expected input_ids and, "
                "beside it, only attention_mask and token_type_ids"
            )

    def run(self, rows: Sequence[Sequence[int]], output: str) -> NDArray[np.float32]:
        """Return the output of that name for token ids, float32."""
        import numpy as np

        ids, mask = pad(rows, pad_id=self._pad_id)
        given: Mapping[str, NDArray[np.int64]] = {
            "input_ids": ids,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(ids),
        }
        feed = {name: given[name] for name in self._inputs}
        result: NDArray[np.float32] = self._session.run([output], feed)[0]
        return result.astype(np.float32, copy=False)


class OnnxClassifier:
    """A token classifier run by ONNX Runtime."""

    def __init__(self, path: Path, *, labels: int, device: str = "auto", pad_id: int = 0) -> None:
        self._session = OnnxSession(path, device=device, pad_id=pad_id)
        outputs = self._session.outputs
        if "logits" not in outputs and len(outputs) != 1:
            raise ConfigError(f"{path} gives {', '.join(outputs)}: expected an output 'logits'")
        self._output = "logits" if "logits" in outputs else outputs[0]
        self.weights = self._session.weights
        shape = self.logits([[0, 0]]).shape
        if len(shape) != 3 or shape[2] != labels:
            raise ConfigError(
                f"{path} gives an array of shape {shape} for one row of two tokens: expected "
                f"(1, 2, {labels}), one score for each label of config.json"
            )

    def logits(self, rows: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return ``(len(rows), longest row, labels)``."""
        return self._session.run(rows, self._output)


def wanted_files(backend: str, *, allow_pickle: bool) -> list[str]:
    """Return the glob patterns of the weights to fetch from the hub for a backend."""
    if backend == "onnx":
        return ["*.onnx", "onnx/*.onnx", "*.onnx_data", "onnx/*.onnx_data"]
    return ["*.safetensors", *(["pytorch_model*.bin"] if allow_pickle else [])]


def open_classifier(
    folder: Path,
    *,
    labels: int,
    backend: str = "auto",
    device: str = "auto",
    precision: Precision = "auto",
    onnx_file: str | None = None,
    allow_pickle: bool = False,
    pad_id: int = 0,
) -> TokenClassifier:
    """Return the token classifier of a checkpoint folder.

    Raises:
        ConfigError: the folder lacks what the backend needs, or what it holds doesn't fit.
        MissingExtraError: the backend is not installed.
    """
    if choose_backend(folder, backend, onnx_file=onnx_file) == "torch":
        return TorchClassifier(
            folder, device=device, precision=precision, allow_pickle=allow_pickle
        )
    path = find_onnx(folder, onnx_file)
    if path is None:  # it was there when the backend was chosen
        raise ConfigError(f"the exported model in {folder} is gone: export it again")
    return OnnxClassifier(path, labels=labels, device=device, pad_id=pad_id)
