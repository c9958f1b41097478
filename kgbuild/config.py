"""The one YAML file that configures everything, validated; defaults need no file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, field_validator, model_validator

from kgbuild.config_relations import (
    CooccurrenceConfig,
    ModelRelationsConfig,
    PatternsConfig,
    RelationConfig,
    Section,
)
from kgbuild.protocols import NameSource
from kgbuild.yaml_models import parse_model, read_model

__all__ = ["Config", "keep_config", "load_config", "parse_config", "to_yaml"]


class VocabularyConfig(Section):
    """A vocabulary by its name in the catalogue, or a file."""

    name: str = Field(description="a name of `kgbuild vocab list`, or the path of a file")
    category: str | None = Field(None, description="the category of terms that name none")
    branches: dict[str, str] = Field(
        default_factory=dict, description="terms: the category of them and of what is below"
    )


class ReadingConfig(Section):
    """How documents are read."""

    format: str | None = Field(None, description="a reader's name; found out from the content")
    options: dict[str, Any] = Field(
        default_factory=dict, description="options of the reader (jsonl: text_field, id_field, ...)"
    )

    @field_validator("options")
    @classmethod
    def _no_argument_of_ours(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Refuse what the build itself passes to the readers."""
        for name in ("format", "inputs", "opened"):
            if name in options:
                cure = "; write reading.format" if name == "format" else ""
                raise ValueError(f"'{name}' is no option of a reader{cure}")
        return options


class DictionaryConfig(Section):
    """Finds the names of the vocabularies."""

    type: Literal["dictionary"] = "dictionary"
    categories: list[str] | None = Field(None, description="only these categories")
    nested: bool = Field(False, description="also find names inside longer ones")
    plausible: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        {"ChemicalEntity": 0.03, "Disease": 0.005},
        description="beside a tagger: how likely it must hold names of a category for mentions; "
        "those of other categories are kept",
    )


class VariantsConfig(Section):
    """Finds sequence variants: rs numbers, HGVS, V600E."""

    type: Literal["variants"] = "variants"


class TaggerConfig(Section):
    """Runs kgbuild's own trained model, or one that `kgbuild train ner` made."""

    type: Literal["tagger"] = "tagger"
    model: str | None = Field(None, description="a folder; the shipped model if absent")
    convention: str | dict[str, str] | None = Field(
        None, description="whose annotation to imitate: a corpus, or one for each category"
    )
    categories: list[str] | None = Field(None, description="only these categories")
    hints: bool = Field(
        True, description="let known names be hints: the model's own list, and the vocabularies'"
    )
    threshold: float = Field(0.0, ge=0, le=1)
    nested: bool = Field(False, description="keep mentions inside those of another category")
    threads: int | None = Field(None, ge=1, description="batches at once; all cores if absent")


class GivenConfig(Section):
    """Takes the mentions that the input carries (PubTator, BioC)."""

    type: Literal["given"] = "given"


class TransformerConfig(Section):
    """Runs a Hugging Face token-classification checkpoint."""

    type: Literal["transformer"] = "transformer"
    model: str = Field(description="a local folder or a hub id")
    backend: Literal["auto", "torch", "onnx"] = "auto"
    device: str = Field("auto", description="auto, cpu, cuda, cuda:1, ...")
    labels: dict[str, str] | None = Field(None, description="the checkpoint's label: category")
    threshold: float = Field(0.0, ge=0, le=1)
    onnx_file: str | None = Field(None, description="which ONNX file of the folder")
    max_sentences: int | None = Field(
        None, ge=1, description="sentences a window, at most; 1 suits models trained on sentences"
    )


RecognizerConfig = Annotated[
    DictionaryConfig | VariantsConfig | GivenConfig | TaggerConfig | TransformerConfig,
    Field(discriminator="type"),
]


class GroundingConfig(Section):
    """How mentions are resolved to identifiers."""

    trust_given: bool = Field(True, description="take identifiers that the input carries")
    dense: Literal["auto", "on", "late", "off"] = Field(
        "auto",
        description="embedding matches after the exact ones: on, off, or if installed; "
        "late encodes no name beforehand",
    )
    encoder: str | None = Field(None, description="a sentence-transformers folder or hub id")
    threshold: float | None = Field(
        None, ge=0, le=1, description="cosine below which dense is NIL; null: the encoder's own"
    )
    candidates: int = Field(5, ge=0, description="how many candidates to keep with a grounding")
    without: list[NameSource] = Field(
        default=[], description="what not to go by (exact, normalized, abbreviations, ...)"
    )

    @field_validator("dense", mode="before")
    @classmethod
    def _on_and_off(cls, dense: object) -> object:
        """Take YAML's ``on`` and ``off``, which it reads as true and false."""
        return {True: "on", False: "off"}[dense] if isinstance(dense, bool) else dense


class ErrorRates(Section):
    """How often an extractor errs; the belief model's parameters."""

    systematic: float = Field(ge=0, lt=1, description="errors that repeat however many papers")
    random: float = Field(ge=0, lt=1, description="errors that are independent between papers")


class AssemblyConfig(Section):
    """How evidence becomes statements with a belief."""

    error_rates: dict[str, ErrorRates] = Field(
        default_factory=dict,
        description="by extractor name without version; `default` for the others",
    )
    keep_nil: bool = Field(True, description="keep mentions without identifier as literal nodes")
    unite: bool = Field(
        True, description="make identifiers that mean just the same thing one entity"
    )
    ontology: list[Literal["is_a", "part_of", "xref"]] = Field(
        default=[], description="which edges of the ontologies enter the graph"
    )


class RunConfig(Section):
    """How the work is cut and spread."""

    shard_documents: int = Field(500, ge=1, description="documents a shard, at most")
    shard_characters: int = Field(2_000_000, ge=1, description="characters a shard, about")
    workers: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        "auto", description="processes; auto: by input size"
    )


class Config(Section):
    """Everything that a build can be told."""

    schema_: str = Field("biomedical", alias="schema", description="a name, or a YAML file")
    vocabularies: list[str | VocabularyConfig] = Field(default=["starter"])
    languages: list[str] = Field(default=["en"], description="of the names to look for")
    mappings: list[str] = Field(
        default=[], description="SSSOM files that say which identifiers mean the same"
    )
    reading: ReadingConfig = ReadingConfig()
    recognizers: list[RecognizerConfig] = Field(
        default=[VariantsConfig(), TaggerConfig(), DictionaryConfig()], min_length=1
    )
    merge: Literal["priority", "longest", "vote", "union"] = Field(
        "longest", description="which mention wins where recognizers overlap"
    )
    grounding: GroundingConfig = GroundingConfig()
    relations: list[RelationConfig] = Field(
        default=[PatternsConfig(), ModelRelationsConfig(), CooccurrenceConfig()]
    )
    assembly: AssemblyConfig = AssemblyConfig()
    run: RunConfig = RunConfig()
    stores: list[Literal["ladybug", "oxigraph"]] = Field(default=["ladybug", "oxigraph"])

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_another_field(cls, data: Any) -> Any:
        """Leave the trained models, which know biomedicine alone, out of other defaults."""
        if not isinstance(data, dict) or data.get("schema", "biomedical") == "biomedical":
            return data
        return {
            "recognizers": [VariantsConfig(), DictionaryConfig()],
            "relations": [PatternsConfig(), CooccurrenceConfig()],
            **data,
        }

    def vocabulary_specs(self) -> list[VocabularyConfig]:
        """Return the vocabularies, each with its options."""
        return [VocabularyConfig(name=v) if isinstance(v, str) else v for v in self.vocabularies]


def load_config(path: Path | None) -> Config:
    """Read a configuration file; None gives the defaults.

    File names in it are relative to its folder.

    Raises:
        ConfigError: the file is absent, no YAML, or has unknown keys or unfit values; the message
            names each with its line.
    """
    if path is None:
        return Config()
    return _relative_to(read_model(path, Config), path.parent)


def parse_config(text: str, *, name: str = "configuration") -> Config:
    """Return the configuration that a YAML text says."""
    return parse_model(text, Config, name=name)


def keep_config(config: Config, path: Path) -> None:
    """Write what the next build of a folder takes by default: all but this build's own run.

    File names are made absolute. The input's format and the number of processes are left out.

    Raises:
        OSError: the file can't be written.
    """
    kept = _relative_to(config, Path.cwd()).model_copy(
        update={
            "reading": config.reading.model_copy(update={"format": None}),
            "run": config.run.model_copy(update={"workers": "auto"}),
        }
    )
    text = to_yaml(kept)
    if not path.is_file() or path.read_text("utf-8") != text:
        path.write_text(text, encoding="utf-8")


def to_yaml(config: Config, *, comments: bool = False) -> str:
    """Return ``config`` as YAML, with each option's description as comment where wanted."""
    data = json.loads(config.model_dump_json(by_alias=True))
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, default_flow_style=False)
    if not comments:
        return text
    notes = _descriptions()
    lines = []
    for line in text.splitlines():
        note = notes.get(line.strip().lstrip("- ").split(":")[0])
        lines.append(f"{line}  # {note}" if note else line)
    return "\n".join(lines) + "\n"


def _descriptions() -> dict[str, str]:
    sections = (
        VocabularyConfig, ReadingConfig, DictionaryConfig, TaggerConfig, TransformerConfig,
        GroundingConfig, PatternsConfig, CooccurrenceConfig, ModelRelationsConfig, AssemblyConfig,
        RunConfig, Config,
    )  # fmt: skip
    return {
        field.alias or name: field.description
        for section in sections
        for name, field in section.model_fields.items()
        if field.description
    }


def _relative_to(config: Config, folder: Path) -> Config:
    """Resolve the file names of ``config`` against the folder that its file lies in."""

    def resolve(name: str) -> str:
        path = folder / name
        return (
            str(path.absolute()) if path.is_file() or (path.is_dir() and os.sep in name) else name
        )

    vocabularies = [
        resolve(v) if isinstance(v, str) else v.model_copy(update={"name": resolve(v.name)})
        for v in config.vocabularies
    ]
    relations = [_relation_files(r, resolve) for r in config.relations]
    recognizers = [
        r.model_copy(update={"model": resolve(r.model)})
        if isinstance(r, TaggerConfig | TransformerConfig) and r.model
        else r
        for r in config.recognizers
    ]
    grounding = config.grounding
    if grounding.encoder:
        grounding = grounding.model_copy(update={"encoder": resolve(grounding.encoder)})
    return config.model_copy(
        update={
            "grounding": grounding,
            "schema_": resolve(config.schema_),
            "vocabularies": vocabularies,
            "mappings": [resolve(name) for name in config.mappings],
            "relations": relations,
            "recognizers": recognizers,
        }
    )


def _relation_files(config: RelationConfig, resolve: Callable[[str], str]) -> RelationConfig:
    if isinstance(config, PatternsConfig) and config.file:
        return config.model_copy(update={"file": resolve(config.file)})
    if isinstance(config, ModelRelationsConfig) and config.model:
        return config.model_copy(update={"model": resolve(config.model)})
    return config
