"""From a configuration to the objects that the stages call."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild import __version__
from kgbuild.assembly.hierarchy import PREDICATES
from kgbuild.cache import cache_folder
from kgbuild.config import (
    Config,
    DictionaryConfig,
    GivenConfig,
    RecognizerConfig,
    TaggerConfig,
    TransformerConfig,
    VariantsConfig,
)
from kgbuild.config_relations import (
    CooccurrenceConfig,
    GivenRelationsConfig,
    ModelRelationsConfig,
    PatternsConfig,
    RelationConfig,
)
from kgbuild.errors import ConfigError, MissingExtraError, VocabularyError
from kgbuild.ontologies.schema import Schema
from kgbuild.protocols import Recognizer, RelationExtractor
from kgbuild.records import Candidate, content_hash
from kgbuild.stages import Components

if TYPE_CHECKING:
    from kgbuild.extractors.doubt import Doubt
    from kgbuild.extractors.gazetteer import Gazetteer
    from kgbuild.normalizer.build import LexiconReport
    from kgbuild.normalizer.dense_names import DenseNames
    from kgbuild.normalizer.lexicon import Lexicon
    from kgbuild.normalizer.linker import Linker

__all__ = ["Prepared", "check", "make_components", "prepare"]

Progress = Callable[[str, int, int | None], None]
_LINKING, _RELATING = 4, 3
"""Versions of rules in code: raised when results change, so that the next build runs again."""


@dataclass(frozen=True)
class Prepared:
    """What a configuration needs on disk before work begins, and what is known of it.

    Picklable: a worker process makes its components from it.
    """

    config: Config
    lexicon_folder: Path
    lexicon: LexiconReport
    vocabularies: tuple[dict[str, str], ...]


def prepare(config: Config, *, progress: Progress | None = None) -> Prepared:
    """Build (or find in the cache) the lexicon of the configured vocabularies.

    Raises:
        ConfigError: the schema is wrong.
        VocabularyError: a vocabulary is unknown, absent or unusable.
    """
    from kgbuild.normalizer.build import build_lexicon, lexicon_fingerprint
    from kgbuild.ontologies import open_vocabulary
    from kgbuild.ontologies.mappings import MappingFile

    schema = Schema.load(config.schema_)
    opened = [
        open_vocabulary(spec.name, category=spec.category, branches=spec.branches)
        for spec in config.vocabulary_specs()
    ]
    mappings = [MappingFile(Path(name)) for name in config.mappings]
    fingerprint = lexicon_fingerprint(
        opened, schema=schema, mappings=mappings, languages=config.languages
    )
    folder = cache_folder() / "lexicons" / fingerprint
    report = build_lexicon(
        opened,
        folder,
        schema=schema,
        mappings=mappings,
        languages=config.languages,
        parts=cache_folder() / "parts",
        processes=os.cpu_count() or 1,
        progress=(lambda name, terms: progress(f"lexicon: {name}", terms, None))
        if progress
        else None,
    )
    known = tuple({"name": v.name, "version": v.version, "checksum": v.fingerprint} for v in opened)
    return Prepared(config, folder, report, known)


def check(config: Config) -> None:
    """Check what a configuration names: readers' options, schema, categories, vocabularies, ...

    Raises:
        ConfigError, VocabularyError: the first thing that is wrong.
    """
    from kgbuild.ontologies import open_vocabulary
    from kgbuild.readers import check_options

    try:
        check_options(config.reading.format, config.reading.options)
    except ValueError as error:
        raise ConfigError(f"reading: {error}") from error
    schema = Schema.load(config.schema_)
    for spec in config.vocabulary_specs():
        open_vocabulary(spec.name, category=spec.category, branches=spec.branches)
        _known_categories([*filter(None, [spec.category]), *spec.branches.values()], schema)
    for name in config.mappings:
        if not Path(name).is_file():
            raise VocabularyError(f"{name}: no such file of mappings")
    for kind in config.assembly.ontology:
        if PREDICATES[kind] not in schema.predicates:
            raise ConfigError(
                f"assembly.ontology: {kind} needs the predicate {PREDICATES[kind]!r}, which the "
                f"schema lacks: add it there, or leave {kind} out"
            )
    for recognizer in config.recognizers:
        if isinstance(recognizer, DictionaryConfig):
            _known_categories(recognizer.categories, schema)
            if "plausible" in recognizer.model_fields_set:
                _known_categories(list(recognizer.plausible), schema)
    for relation in config.relations:
        _relation_extractor(relation, schema)


def _known_categories(names: Sequence[str] | None, schema: Schema) -> list[str] | None:
    """Return the schema's names of categories.

    Raises:
        ConfigError: the schema has no such category.
    """
    if names is None:
        return None
    found = [(name, schema.category(name)) for name in names]
    if unknown := [name for name, category in found if category is None]:
        near = get_close_matches(unknown[0], schema.categories, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(schema.categories)}"
        raise ConfigError(f"the schema has no category {unknown[0]!r}: {hint}")
    return [category for _, category in found if category is not None]


def make_components(prepared: Prepared, *, progress: Progress | None = None) -> Components:
    """Return the components, and what each stage's result depends on."""
    from kgbuild.normalizer.lexicon import Lexicon

    config = prepared.config
    schema = Schema.load(config.schema_)
    lexicon = Lexicon.open(prepared.lexicon_folder)
    recognizers = [_recognizer(c, schema, lexicon) for c in config.recognizers]
    recognizer = recognizers[0]
    if len(recognizers) != 1:
        from kgbuild.extractors.hybrid import HybridRecognizer

        doubt = _doubt(config, recognizers, schema)
        recognizer = HybridRecognizer(recognizers, rule=config.merge, doubt=doubt)
    relations = tuple(_relation_extractor(c, schema) for c in config.relations)
    return Components(
        schema=schema,
        recognizer=recognizer,
        grounder=_linker(config, schema, lexicon, progress),
        relation_extractors=relations,
        fingerprints=_fingerprints(prepared, schema, recognizer, relations),
        keep_nil=config.assembly.keep_nil,
        preferred=lexicon.preferred_id if config.assembly.unite else str,
    )


def _doubt(config: Config, recognizers: Sequence[Recognizer], schema: Schema) -> Doubt | None:
    """Let the first tagger be asked about the names that the first dictionary finds.

    Each category has the probability of the nearest one above it that is named, and is asked for
    as the nearest one above it that the tagger finds.
    """
    from kgbuild.extractors.doubt import Doubt
    from kgbuild.extractors.tagger import TaggerRecognizer

    tagger = next((r for r in recognizers if isinstance(r, TaggerRecognizer)), None)
    pairs = zip(config.recognizers, recognizers, strict=True)
    named = next(((c, r) for c, r in pairs if isinstance(c, DictionaryConfig)), None)
    if tagger is None or named is None:
        return None
    plausible = {schema.category(name) or name: p for name, p in named[0].plausible.items()}
    least = {}
    for found in schema.categories:
        limit, asked = (_nearest(found, some, schema) for some in (plausible, tagger.categories))
        if limit and asked:
            least[found] = asked, plausible[limit]
    return Doubt(tagger, named[1], least)


def _nearest(category: str, others: Iterable[str], schema: Schema) -> str:
    """Return which of ``others`` is the category or the nearest above it, or ""."""
    above = [other for other in others if schema.is_a(category, other)]
    return max(above, key=lambda other: len(schema.ancestors(other)), default="")


def _recognizer(config: RecognizerConfig, schema: Schema, lexicon: Lexicon) -> Recognizer:
    match config:
        case DictionaryConfig():
            from kgbuild.extractors.dictionary import DictionaryRecognizer

            categories = _known_categories(config.categories, schema)
            return DictionaryRecognizer(
                lexicon, schema=schema, categories=categories, keep_nested=config.nested
            )
        case VariantsConfig():
            from kgbuild.extractors.variants import VariantRecognizer

            return VariantRecognizer()
        case GivenConfig():
            from kgbuild.extractors.given import GivenRecognizer

            return GivenRecognizer(schema)
        case TaggerConfig():
            from kgbuild.extractors.tagger import TaggerRecognizer

            return TaggerRecognizer(
                config.model,
                gazetteer=_gazetteer(lexicon) if config.hints else None,
                hints=config.hints,
                convention=config.convention,
                categories=_known_categories(config.categories, schema),
                threshold=config.threshold,
                nested=config.nested,
                threads=config.threads,
            )
        case TransformerConfig():
            from kgbuild.extractors.transformer import TransformerRecognizer

            return TransformerRecognizer(
                config.model,
                backend=config.backend,
                device=config.device,
                labels=config.labels,
                threshold=config.threshold,
                onnx_file=config.onnx_file,
                max_sentences=config.max_sentences,
                schema=schema,
            )


def _gazetteer(lexicon: Lexicon) -> Gazetteer:
    """Return the gazetteer of a lexicon's names, made once and kept in the cache."""
    from kgbuild.extractors.gazetteer import Gazetteer

    file = cache_folder() / "gazetteers" / f"{lexicon.fingerprint}.npz"
    if not file.is_file():
        names = ((text, category) for text, _, category in lexicon.each_name(abbreviations=True))
        Gazetteer.build(names, fingerprint=lexicon.fingerprint).save(file)
    return Gazetteer.open(file)


def _relation_extractor(config: RelationConfig, schema: Schema) -> RelationExtractor:
    match config:
        case PatternsConfig():
            from kgbuild.extractors.patterns import PatternExtractor

            return PatternExtractor(schema=schema, patterns=config.file)
        case CooccurrenceConfig():
            from kgbuild.extractors.cooccurrence import CooccurrenceExtractor

            return CooccurrenceExtractor(level=config.level, pairs=config.pairs)
        case ModelRelationsConfig():
            from kgbuild.extractors.trained_relations import TrainedRelationExtractor

            return TrainedRelationExtractor(
                config.model,
                schema=schema,
                threshold=config.threshold,
                score=config.score,
                named=config.named,
                threads=config.threads,
            )
        case GivenRelationsConfig():
            from kgbuild.extractors.given_relations import GivenRelationExtractor

            return GivenRelationExtractor()


class _LazyDense:
    """The names as vectors, opened at the first name that nothing else resolves.

    Most runs never need it, and importing torch takes seconds.
    """

    def __init__(
        self, config: Config, schema: Schema, lexicon: Lexicon, progress: Progress | None
    ) -> None:
        self._config = config
        self._schema = schema
        self._lexicon = lexicon
        self._progress = progress
        self._opened: DenseNames | None = None

    def search(
        self, texts: Sequence[str], *, k: int, category: str | Collection[str] | None = None
    ) -> list[list[Candidate]]:
        """See ``DenseNames.search``."""
        if self._opened is None:
            self._opened = self._open()
        return self._opened.search(texts, k=k, category=category)

    def _open(self) -> DenseNames:
        from kgbuild.normalizer.dense_names import DenseNames
        from kgbuild.normalizer.encoder import open_encoder

        names = DenseNames(
            self._lexicon,
            open_encoder(self._config.grounding.encoder),
            schema=self._schema,
            folder=cache_folder() / "indexes",
            beforehand=self._config.grounding.dense != "late",
            progress=lambda done, total: self._show(names, done, total),
        )
        return names

    def _show(self, names: DenseNames, done: int, total: int) -> None:
        if self._progress:
            self._progress(f"vectors of names, for {names.choice}", done, total)


def uses_dense(config: Config) -> bool:
    """Say whether names that nothing else resolves are looked up by their vectors.

    Raises:
        MissingExtraError: it is on, and what runs the encoder is not installed.
    """
    from kgbuild.normalizer.encoder import can_open

    installed = can_open(config.grounding.encoder)
    asked = config.grounding.dense
    if asked in {"on", "late"} and not installed:
        raise MissingExtraError(
            "dense", needed_for=f"grounding by vectors (grounding.dense: {asked})"
        )
    return installed and asked != "off"


def _thresholds(config: Config) -> Mapping[str, float]:
    from kgbuild.normalizer.encoder import encoder_thresholds

    own = config.grounding.threshold
    return encoder_thresholds(config.grounding.encoder) if own is None else {"": own}


def _linker(config: Config, schema: Schema, lexicon: Lexicon, progress: Progress | None) -> Linker:
    from kgbuild.normalizer.encoder import encoder_reranker
    from kgbuild.normalizer.linker import Linker

    return Linker(
        lexicon,
        schema=schema,
        dense=_LazyDense(config, schema, lexicon, progress) if uses_dense(config) else None,
        thresholds=_thresholds(config),
        keep_candidates=config.grounding.candidates,
        trust_given=config.grounding.trust_given,
        without=config.grounding.without,
        reranker=encoder_reranker(config.grounding.encoder),
    )


def _patterns_text(config: PatternsConfig) -> str:
    from kgbuild.extractors.pattern_file import DEFAULT_PATTERNS

    return Path(config.file or DEFAULT_PATTERNS).read_text("utf-8")


def _fingerprints(
    prepared: Prepared,
    schema: Schema,
    recognizer: Recognizer,
    relations: Sequence[RelationExtractor],
) -> dict[str, str]:
    from kgbuild.normalizer.encoder import encoder_reranker

    config = prepared.config
    own = {
        "segment": (),
        "recognize": (
            [c.model_dump_json() for c in config.recognizers], config.merge, recognizer.name,
            prepared.lexicon.fingerprint, schema.fingerprint,
        ),
        "ground": (
            _LINKING, config.grounding.model_dump_json(), prepared.lexicon.fingerprint,
            uses_dense(config), repr(encoder_reranker(config.grounding.encoder)),
        ),
        "relate": (
            _RELATING, [c.model_dump_json() for c in config.relations], [r.name for r in relations],
            [_patterns_text(c) for c in config.relations if isinstance(c, PatternsConfig)],
        ),
        "contribute": (
            schema.fingerprint, config.assembly.keep_nil, config.assembly.unite,
            prepared.lexicon.fingerprint,
        ),
    }  # fmt: skip
    fingerprints: dict[str, str] = {}
    before = __version__
    for stage, parts in own.items():
        before = fingerprints[stage] = content_hash(before, stage, *parts)
    return fingerprints
