"""Annotated corpora as a relation model learns from them: windows with a label for each pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import ConfigError
from kgbuild.evaluation.relations import identifiers_of
from kgbuild.extractors.relation_labels import Convention, RelationLabels
from kgbuild.extractors.relation_units import Layout, RelationUnit, entities_of, make_units
from kgbuild.records import AnnotatedDocument
from kgbuild.training.corpora import read_corpus
from kgbuild.training.held_back import read_held_back, without
from kgbuild.training.settings_file import resolve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from kgbuild.ontologies.schema import Schema
    from kgbuild.training.relation_settings import RelationCorpusSettings, RelationSettings

__all__ = [
    "Example",
    "RelationCorpus",
    "examples_of",
    "gold_relations",
    "labels_of",
    "read_corpora",
]

UNKNOWN = -1
Key = tuple[str, str]
Gold = Mapping[Key, Sequence[tuple[str, bool | None]]]


@dataclass(frozen=True)
class RelationCorpus:
    """The documents of a corpus, categories mapped to the schema's, with sentences.

    Attributes:
        name: of its convention.
        training: what is learned from.
        development: what is measured.
        dropped: how many documents must not train, being held back or measured on.
    """

    name: str
    training: Sequence[AnnotatedDocument]
    development: Sequence[AnnotatedDocument]
    dropped: int


@dataclass(frozen=True)
class Example:
    """A window with what each convention says of its pairs.

    Attributes:
        item: its document, as its corpus annotates it.
        unit: the window.
        types: ``(conventions, pairs)``: 0 none, 1 and up the types, ``UNKNOWN`` where the
            convention says nothing.
        novel: ``(conventions, pairs)``: 0, 1 or ``UNKNOWN``.
        implied: ``(conventions, pairs)``: the type that another corpus says holds (``type``) or
            doesn't (``-1 - type``); 0 where it says nothing.
    """

    item: AnnotatedDocument
    unit: RelationUnit
    types: NDArray[np.int64]
    novel: NDArray[np.int64]
    implied: NDArray[np.int64]

    @property
    def fingerprint(self) -> str:
        """Hash of the window and its labels."""
        unit = self.unit
        arrays = (unit.ids, unit.marks, unit.pairs, unit.features)
        found = blake2b(digest_size=12)
        for array in (*arrays, self.types, self.novel, self.implied):
            found.update(array.tobytes())
        return found.hexdigest()

    @property
    def document(self) -> str:
        """Id of its document."""
        return self.item.document.id


def labels_of(settings: RelationSettings, *, window: int = 510) -> RelationLabels:
    """Return the layout and conventions that ``settings`` describe.

    ``window`` is how many word pieces the encoder can take, special tokens not counted.

    Raises:
        ConfigError: a pair names a category that isn't among the settings' categories.
    """
    order = {name: place for place, name in enumerate(settings.categories)}
    conventions = []
    for corpus in settings.corpora:
        unknown = [c for pair in corpus.pairs for c in pair if c not in order]
        if unknown:
            raise ConfigError(
                f"corpus {corpus.name} relates {unknown[0]}, which `categories` doesn't list: "
                "add it there"
            )
        pairs = frozenset((min(p, key=order.__getitem__), max(p, key=order.__getitem__))
                          for p in corpus.pairs)  # fmt: skip
        conventions.append(
            Convention(
                corpus.name, tuple(corpus.types), pairs,
                novelty=corpus.novelty, predicates=dict(corpus.predicates),
            )
        )  # fmt: skip
    every = frozenset(pair for convention in conventions for pair in convention.pairs)
    layout = Layout(tuple(settings.categories), every, window, stride=window // 4)
    return RelationLabels(layout, tuple(conventions))


def read_corpora(
    settings: RelationSettings, *, schema: Schema, beside: Path
) -> list[RelationCorpus]:
    """Return the corpora that ``settings`` name.

    A document that is held back, or that any corpus measures on, trains nothing.

    Raises:
        ConfigError, InputError: a file can't be read or isn't annotated, or nothing is left to
            learn from.
    """

    def read(own: RelationCorpusSettings, files: Sequence[str]) -> list[AnnotatedDocument]:
        names = [resolve(file, beside) for file in files]
        return read_corpus(names, schema=schema, options=own.options, fold=own.fold)

    held: frozenset[str] = frozenset()
    if settings.held_back is not None:
        held = read_held_back(Path(resolve(settings.held_back, beside)))
    development = [without(read(own, own.development), held) for own in settings.corpora]
    barred = held | {item.document.id for items in development for item in items}
    corpora = []
    for own, measured in zip(settings.corpora, development, strict=True):
        training = read(own, own.training)
        kept = without(training, barred)
        _check_types(own, kept)
        corpora.append(RelationCorpus(own.name, kept, measured, len(training) - len(kept)))
    return corpora


def _check_types(own: RelationCorpusSettings, documents: Sequence[AnnotatedDocument]) -> None:
    seen = {relation.predicate for item in documents for relation in item.relations}
    if absent := [name for name in own.types if name not in seen]:
        raise ConfigError(
            f"corpus {own.name} has no {', '.join(absent)} to learn from: its training "
            f"documents have {', '.join(sorted(seen)) or 'no relations'}; correct types"
        )


def gold_relations(item: AnnotatedDocument) -> Gold:
    """Return the types and novelty of each two identifiers (in string order) that are related."""
    identifiers = identifiers_of(item)
    found: dict[Key, list[tuple[str, bool | None]]] = defaultdict(list)
    for relation in item.relations:
        subjects = (
            (relation.subject_curie,) if relation.subject_curie
            else identifiers.get(relation.subject, ())
        )  # fmt: skip
        objects = (
            (relation.object_curie,) if relation.object_curie
            else identifiers.get(relation.object, ())
        )  # fmt: skip
        for one in subjects:
            for other in objects:
                key = (min(one, other), max(one, other))
                found[key].append((relation.predicate, relation.novel))
    return found


@dataclass
class _Implications:
    """Which types of which conventions are one: ``(corpus, type) -> (corpus, type)``, both ways."""

    same: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: RelationSettings, labels: RelationLabels) -> _Implications:
        places = {c.name: place for place, c in enumerate(labels.conventions)}
        result = cls()
        for place, corpus in enumerate(settings.corpora):
            for own, (name, other) in corpus.implies.items():
                try:
                    one = (place, corpus.types.index(own) + 1)
                    there = places[name]
                    two = (there, labels.conventions[there].types.index(other) + 1)
                except (KeyError, ValueError):
                    raise ConfigError(
                        f"corpus {corpus.name} implies {own}: {name} {other}, but there is no such "
                        "type or corpus"
                    ) from None
                result.same[one], result.same[two] = two, one
        return result


def examples_of(
    items: Sequence[AnnotatedDocument],
    convention: int,
    *,
    settings: RelationSettings,
    labels: RelationLabels,
    tokenizer: Tokenizer,
    special: tuple[Sequence[int], Sequence[int]],
    schema: Schema,
) -> list[Example]:
    """Return the windows of a corpus's documents with their labels."""
    kinds = labels.layout.kinds(schema)
    implications = _Implications.of(settings, labels)
    encodings = tokenizer.encode_batch(
        [item.document.text for item in items], add_special_tokens=False
    )
    examples = []
    for item, encoding in zip(items, encodings, strict=True):
        gold = gold_relations(item)
        units = make_units(
            item,
            entities_of(item, kinds, named=False),
            ids=encoding.ids,
            offsets=encoding.offsets,
            layout=labels.layout,
            special=special,
        )
        examples += [
            _example(item, unit, gold, convention, labels=labels, implications=implications)
            for unit in units
        ]
    return examples


def _example(
    item: AnnotatedDocument,
    unit: RelationUnit,
    gold: Gold,
    convention: int,
    *,
    labels: RelationLabels,
    implications: _Implications,
) -> Example:
    import numpy as np

    shape = len(labels.conventions), len(unit.pairs)
    types = np.full(shape, UNKNOWN, dtype=np.int64)
    novel = np.full(shape, UNKNOWN, dtype=np.int64)
    implied = np.zeros(shape, dtype=np.int64)
    own = labels.conventions[convention]
    for column, (i, j) in enumerate(unit.pairs.tolist()):
        first, second = unit.entities[i], unit.entities[j]
        ends = labels.layout.categories[first.kind], labels.layout.categories[second.kind]
        if ends not in own.pairs:
            continue
        key = (min(first.key, second.key), max(first.key, second.key))
        said = [(t, n) for t, n in gold.get(key, ()) if t in own.types]
        types[convention, column] = 1 + own.types.index(said[0][0]) if said else 0
        if own.novelty and said and said[0][1] is not None:
            novel[convention, column] = int(said[0][1])
        for (here, type_), (there, other) in implications.same.items():
            if here == convention and ends in labels.conventions[there].pairs:
                holds = types[convention, column] == type_
                implied[there, column] = other if holds else -1 - other
    return Example(item, unit, types, novel, implied)
