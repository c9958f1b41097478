"""Finding and opening model checkpoints: folders, the hub's cache, the hub.

A checkpoint is a folder in Hugging Face's layout. Nothing here runs code of a checkpoint, and
nothing is downloaded without a line in the log.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = [
    "ONNX_FILES",
    "file_fingerprint",
    "find_checkpoint",
    "find_weights",
    "open_tokenizer",
    "position_limit",
    "quiet_transformers",
    "read_json",
    "special_tokens",
]

ONNX_FILES = (
    "model.onnx",
    "onnx/model.onnx",
    "model_quantized.onnx",
    "onnx/model_quantized.onnx",
)

_log = logging.getLogger(__name__)

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_SMALL_FILES = ("*.json", "*.txt", "*/config.json", "*.model")


def find_checkpoint(
    model: str | Path,
    *,
    weights: Iterable[str],
    revision: str | None = None,
    offline: bool | None = None,
) -> Path:
    """Return the folder of ``model``: a folder, or a hub id looked up locally and then fetched.

    Args:
        model: a folder, or an id such as ``dslim/bert-base-NER``.
        weights: glob patterns of the weight files to fetch with a hub id.
        revision: branch, tag or commit of a hub id.
        offline: never touch the network; None follows ``HF_HUB_OFFLINE``.

    Raises:
        ConfigError: there is no such folder, or the hub has no such model or can't be reached.
        MissingExtraError: a hub id is given and huggingface_hub is not installed.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    name = str(model)
    if isinstance(model, Path) or name.startswith(("/", ".", "~")) or not _HUB_ID.fullmatch(name):
        raise ConfigError(
            f"no model folder {name!r}: expected a folder that holds config.json, or a hub id "
            "such as 'dslim/bert-base-NER'"
        )
    patterns = [*weights, *_SMALL_FILES]
    cached = _cached(name, patterns, revision)
    if cached is not None:
        return cached
    if offline or (offline is None and _hub_is_offline()):
        raise ConfigError(
            f"model {name!r} is neither a folder nor in the hub's cache, and downloads are off "
            "(offline=True or HF_HUB_OFFLINE): download it elsewhere and give the folder"
        )
    return _download(name, patterns, revision)


def _hub_is_offline() -> bool:
    values = (os.environ.get(name, "") for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    return any(value.upper() in {"1", "ON", "YES", "TRUE"} for value in values)


def _hub() -> Any:
    try:
        import huggingface_hub
    except ImportError:
        raise MissingExtraError("transformers", needed_for="a model of the hub") from None
    return huggingface_hub


def _cached(name: str, patterns: list[str], revision: str | None) -> Path | None:
    """Return the snapshot in the hub's cache, or None where it is absent or only in part there."""
    hub = _hub()
    try:
        folder = Path(
            hub.snapshot_download(
                name, revision=revision, allow_patterns=patterns, local_files_only=True
            )
        )
    except (FileNotFoundError, ValueError):
        return None
    whole = (folder / "config.json").is_file() and any(
        next(folder.glob(pattern), None) for pattern in patterns[: -len(_SMALL_FILES)]
    )
    return folder if whole else None


def _download(name: str, patterns: list[str], revision: str | None) -> Path:
    hub = _hub()
    _log.warning("downloading model %s (revision %s) from the hub", name, revision or "main")
    try:
        return Path(hub.snapshot_download(name, revision=revision, allow_patterns=patterns))
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        raise _unreachable(name, error) from error
    except Exception as error:
        # The hub's HTTP client changed from requests to httpx: name neither.
        if type(error).__module__.partition(".")[0] not in {"httpx", "requests", "httpcore"}:
            raise
        raise _unreachable(name, error) from error


def _unreachable(name: str, error: Exception) -> ConfigError:
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    return ConfigError(
        f"model {name!r} could not be fetched from the hub ({reason}): check the id, or download "
        f"it where the network allows (hf download {name} --local-dir FOLDER) and give the folder"
    )


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a checkpoint's JSON file.

    Raises:
        ConfigError: the file is absent, or is not a JSON object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"no {path.name} in {path.parent}: expected a checkpoint in Hugging Face's layout, "
            "as save_pretrained() writes it"
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} can't be read as JSON: {error}") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{path} must hold a JSON object, got {type(value).__name__}")
    return value


def open_tokenizer(folder: Path, *, extra: str = "onnx") -> Tokenizer:
    """Return the fast tokenizer of a checkpoint, with truncation and padding off.

    A folder that has only the vocabulary of a slow tokenizer is converted by transformers where
    that is installed.

    Raises:
        ConfigError: no fast tokenizer can be had from the folder.
        MissingExtraError: tokenizers is not installed.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise MissingExtraError(extra, needed_for="a transformer's tokenizer") from None
    path = folder / "tokenizer.json"
    if path.is_file():
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises bare Exception
            raise ConfigError(f"{path} is not a tokenizer that can be read: {error}") from error
    else:
        tokenizer = _converted_tokenizer(folder)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _converted_tokenizer(folder: Path) -> Tokenizer:
    cure = (
        f"no tokenizer.json in {folder}: only fast tokenizers give offsets. Make one with "
        f"AutoTokenizer.from_pretrained({str(folder)!r}, use_fast=True).save_pretrained(...)"
    )
    known = ("vocab.txt", "vocab.json", "*.model")
    if not any(next(folder.glob(pattern), None) for pattern in known):
        raise ConfigError(f"{cure}, from the original checkpoint: this folder has no vocabulary")
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise ConfigError(
            f"{cure}, or install transformers, which converts it: pip install "
            "'kgbuild[transformers]'"
        ) from None
    try:
        slow_or_fast = AutoTokenizer.from_pretrained(
            str(folder), use_fast=True, trust_remote_code=False, local_files_only=True
        )
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise ConfigError(f"{cure}; transformers could not convert it: {error}") from error
    tokenizer = getattr(slow_or_fast, "backend_tokenizer", None)
    if tokenizer is None:
        raise ConfigError(f"{cure}: transformers has no fast version of this tokenizer")
    result: Tokenizer = tokenizer
    return result


def find_weights(folder: Path, *, allow_pickle: bool = False) -> list[Path]:
    """Return the weight files that torch would load from ``folder``, safetensors before pickle.

    Raises:
        ConfigError: there are none, or only pickled ones and ``allow_pickle`` is off.
    """
    if safe := sorted(folder.glob("*.safetensors")):
        return safe
    pickled = sorted(folder.glob("pytorch_model*.bin"))
    if not pickled:
        raise ConfigError(
            f"no weights in {folder}: expected model.safetensors (torch) or model.onnx or "
            "onnx/model.onnx (ONNX Runtime)"
        )
    if not allow_pickle:
        raise ConfigError(
            f"{pickled[0]} is a pickle, which can run code when it is loaded. Convert it where "
            "you trust it: AutoModelForTokenClassification.from_pretrained(FOLDER)"
            ".save_pretrained(NEW_FOLDER, safe_serialization=True); or accept it with "
            "allow_pickle=True"
        )
    return pickled


def file_fingerprint(paths: Iterable[Path], *, settings: Mapping[str, object] | None = None) -> str:
    """Return 24 hexadecimal digits that identify the content of ``paths`` and the settings.

    >>> file_fingerprint([], settings={"a": 1}) == file_fingerprint([], settings={"a": 2})
    False
    """
    digest = blake2b(digest_size=12)
    for path in sorted(paths):
        digest.update(path.name.encode())
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    digest.update(json.dumps(settings or {}, sort_keys=True, default=str).encode())
    return digest.hexdigest()


def special_tokens(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Return the ids that the tokenizer puts before and after a text.

    Raises:
        ConfigError: the tokenizer makes more of a text than to put tokens around it.
    """
    bare = tokenizer.encode("a", add_special_tokens=False).ids
    full = tokenizer.encode("a", add_special_tokens=True).ids
    for start in range(len(full) - len(bare) + 1):
        if full[start : start + len(bare)] == bare:
            return full[:start], full[start + len(bare) :]
    raise ConfigError(
        "this tokenizer does more than put special tokens around a text: its windows can't be made"
    )


def position_limit(folder: Path, config: Mapping[str, Any]) -> int:
    """Return how many tokens a model can take, special tokens included; 512 where it can't tell."""
    limits = []
    positions = config.get("max_position_embeddings") or config.get("n_positions")
    if isinstance(positions, int) and positions > 0:
        # RoBERTa and its kin count positions from the one after padding's.
        kin = "roberta" in str(config.get("model_type")) or config.get("model_type") in {
            "camembert",
            "longformer",
        }
        limits.append(positions - (int(config.get("pad_token_id") or 0) + 1 if kin else 0))
    path = folder / "tokenizer_config.json"
    if path.is_file():
        longest = read_json(path).get("model_max_length")
        # Tokenizers without a limit of their own say 1e30.
        if isinstance(longest, int | float) and 0 < longest < 1_000_000:
            limits.append(int(longest))
    return min(limits, default=512)


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers' progress bars off standard error while a model loads."""
    from transformers.utils import logging

    bars: Any = logging  # in part untyped
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()
