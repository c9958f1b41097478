"""The encoder under a model in training: opened, cut, frozen, started afresh or adapted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kgbuild.checkpoints import quiet_transformers, read_json
from kgbuild.errors import ConfigError, MissingExtraError
from kgbuild.normalizer.encoder import encoder_folder

if TYPE_CHECKING:
    from pathlib import Path

    import torch
    from torch import Tensor, nn

    from kgbuild.training.settings import LoraSettings, TrainingSettings

__all__ = [
    "cut_positions",
    "described",
    "encoder_layers",
    "merge_lora",
    "open_base",
    "parameter_groups",
    "take_weights",
    "trained_share",
]

_LAYER_LISTS = ("encoder.layer", "transformer.layer", "encoder.layers", "layers", "layer")


def open_base(settings: TrainingSettings) -> nn.Module:
    """Return the encoder that ``settings`` name, prepared for training.

    Attention is computed eagerly: on a CPU in bf16 it is faster than the fused kernels, and a model
    may ask for the attention itself.

    Raises:
        ConfigError: the base is absent, or has fewer layers than are to be kept or frozen.
        MissingExtraError: LoRA is wanted and peft is not installed.
    """
    from transformers import AutoModel

    folder = encoder_folder(settings.base)
    with quiet_transformers():
        encoder: Any = AutoModel.from_pretrained(
            folder,
            attn_implementation="eager",
            hidden_dropout_prob=settings.encoder_dropout,
            attention_probs_dropout_prob=settings.encoder_dropout,
        )
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None
    _cut(encoder, settings.layers, settings.base)
    _reinitialize(encoder, settings.reinitialize_layers)
    if settings.lora is not None:
        return _adapt(encoder, settings.lora)
    _freeze(encoder, settings)
    module: nn.Module = encoder
    return module


def take_weights(model: nn.Module, source: Path, *, without: str | None = None) -> None:
    """Give ``model`` what fits it of another model's weights, its whole encoder at least.

    Layers that ``model`` doesn't have are left out; positions that the other one lacks stay.

    Args:
        model: with an ``encoder``.
        source: a training's folder, whose best epoch counts, or a model's .onnx file.
        without: the module that starts afresh.

    Raises:
        ConfigError: there is no finished epoch, or it is of another kind of encoder.
    """
    import torch

    held = _exported(model, source) if source.suffix == ".onnx" else _trained(source)
    own = model.state_dict()
    fitting = {}
    for name, weight in held.items():
        if name not in own or (without and name.startswith(f"{without}.")):
            continue
        if own[name].shape == weight.shape:
            fitting[name] = weight
        elif "position" in name and own[name].shape[1:] == weight.shape[1:]:
            fitting[name] = torch.cat([weight, own[name][len(weight) :]])[: len(own[name])]
    lacking = [name for name in own if name.startswith("encoder.") and name not in fitting]
    if lacking:
        raise ConfigError(f"start_from: {source} lacks a fitting {lacking[0]}: it has another base")
    model.load_state_dict(fitting, strict=False)


def described(source: Path, file: str) -> dict[str, Any]:
    """Return what ``file`` beside the finished model of ``source`` says; nothing if it is absent.

    ``source`` is what ``take_weights`` takes.
    """
    path = source.with_name(file) if source.suffix == ".onnx" else source / "model" / file
    return read_json(path) if path.is_file() else {}


def _trained(folder: Path) -> dict[str, Tensor]:
    import torch

    path = folder / "best.pt"
    try:
        held: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ConfigError(
            f"start_from: {path} can't be read ({error.strerror}): expected the folder of a "
            "`kgbuild train` run that has finished an epoch, or a model's .onnx file"
        ) from error
    return held


def _exported(model: nn.Module, path: Path) -> dict[str, Tensor]:
    import torch

    from kgbuild.training.exported import WORDS, exported_weights

    held = {name: torch.from_numpy(value) for name, value in exported_weights(path).items()}
    encoder: Any = model.encoder
    words = encoder.get_input_embeddings().weight
    name = next(name for name, own in model.named_parameters() if own is words)
    return held | ({name: held.pop(WORDS)} if WORDS in held else {})


def encoder_layers(encoder: nn.Module) -> nn.ModuleList:
    """Return the list of an encoder's transformer layers, lowest first.

    Raises:
        ConfigError: the architecture keeps its layers where we don't look.
    """
    from torch import nn

    for name in _LAYER_LISTS:
        found: Any = encoder
        for part in name.split("."):
            found = getattr(found, part, None)
        if isinstance(found, nn.ModuleList):
            return found
    raise ConfigError(
        f"{type(encoder).__name__} has no list of layers at {', '.join(_LAYER_LISTS)}: choose a "
        "BERT-like base"
    )


def cut_positions(encoder: nn.Module, count: int) -> None:
    """Keep the embeddings of the first ``count`` positions: what longer windows never use."""
    from torch import nn

    own: Any = encoder
    table = own.embeddings.position_embeddings
    if table.num_embeddings > count:
        kept = nn.Parameter(table.weight.detach()[:count].clone())
        own.embeddings.position_embeddings = nn.Embedding(count, kept.shape[1], _weight=kept)
        own.embeddings.register_buffer(
            "position_ids", own.embeddings.position_ids[:, :count], persistent=False
        )


def _cut(encoder: Any, layers: int | None, base: str) -> None:
    if layers is None:
        return
    stack = encoder_layers(encoder)
    if layers > len(stack):
        raise ConfigError(f"layers={layers}, but {base} has only {len(stack)}")
    del stack[layers:]
    encoder.config.num_hidden_layers = layers


def _reinitialize(encoder: Any, count: int) -> None:
    from torch import nn

    if not count:
        return
    for layer in list(encoder_layers(encoder))[-count:]:
        for module in layer.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=encoder.config.initializer_range)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.LayerNorm):
                module.reset_parameters()


def _freeze(encoder: Any, settings: TrainingSettings) -> None:
    stack = encoder_layers(encoder)
    if settings.freeze_layers > len(stack):
        raise ConfigError(f"freeze_layers={settings.freeze_layers} of {len(stack)} layers")
    if settings.freeze_words or settings.freeze_layers:
        encoder.get_input_embeddings().weight.requires_grad_(False)
    if settings.freeze_layers:
        encoder.embeddings.requires_grad_(False)
    for layer in list(stack)[: settings.freeze_layers]:
        layer.requires_grad_(False)


def _adapt(encoder: nn.Module, lora: LoraSettings) -> nn.Module:
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError:
        raise MissingExtraError("train", needed_for="LoRA") from None
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=["query", "key", "value", "dense"],
    )
    encoder.requires_grad_(False)
    adapted: nn.Module = inject_adapter_in_model(config, encoder)
    return adapted


def merge_lora(model: nn.Module) -> None:
    """Fold low-rank updates into the matrices that they belong to, in place."""
    try:
        from peft.tuners.tuners_utils import BaseTunerLayer
    except ImportError:
        return
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, BaseTunerLayer):
                child.merge()
                setattr(parent, name, child.get_base_layer())


def trained_share(model: nn.Module) -> float:
    """Return the share of a model's weights that training changes, in [0, 1]."""
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return sum(n for n, trained in sizes if trained) / max(sum(n for n, _ in sizes), 1)


def parameter_groups(
    model: nn.Module, encoder: nn.Module, settings: TrainingSettings
) -> list[dict[str, Any]]:
    """Return the optimizer's groups: rate by depth, no decay for biases and norms.

    The encoder's top layer learns at ``learning_rate``, each layer below ``layer_decay`` times the
    one above, embeddings like the layer below the lowest; all else at ``head_learning_rate``.
    """
    stack = encoder_layers(encoder)
    depth: dict[int, int] = {id(p): len(stack) for p in encoder.parameters()}
    own = {id(p) for layer in stack for p in layer.parameters()}
    for parameter_id in depth:
        if parameter_id not in own:
            depth[parameter_id] = -1
    for index, layer in enumerate(stack):
        depth.update((id(p), index) for p in layer.parameters())
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for parameter in model.parameters():
        if not parameter.requires_grad:
            continue
        below = len(stack) - 1 - depth.get(id(parameter), 0)
        rate = settings.learning_rate * settings.layer_decay**below
        if id(parameter) not in depth:
            rate = settings.head_learning_rate
        decay = settings.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [
        {"params": members, "lr": rate, "weight_decay": decay}
        for (rate, decay), members in groups.items()
    ]
