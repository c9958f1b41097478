"""Annotated documents to measure by or to be measured: read, mapped to the schema, checked."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kgbuild.errors import ConfigError, InputError
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Failure, Mention

__all__ = ["Corpus", "collect", "mapped", "moved", "read_corpus"]

_ANNOTATED = "PubTator, BioC XML or JSON, IOB or brat"


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents by id, in the order read, with categories of the schema.

    ``notes`` say what was left out or could not be understood.
    """

    name: str
    documents: Mapping[str, AnnotatedDocument]
    notes: tuple[str, ...] = ()

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories of the mentions, the most frequent first."""
        counts = Counter(m.category for item in self.documents.values() for m in item.mentions)
        return tuple(category for category, _ in counts.most_common())

    @property
    def has_identifiers(self) -> bool:
        """Whether any mention has one."""
        return any(g.curie for item in self.documents.values() for g in item.groundings)

    @property
    def has_relations(self) -> bool:
        """Whether any document has one."""
        return any(item.relations for item in self.documents.values())

    @property
    def identifiers(self) -> frozenset[str]:
        """All identifiers of mentions."""
        return frozenset(
            g.curie for item in self.documents.values() for g in item.groundings if g.curie
        )


@dataclass(slots=True)
class _Collecting:
    documents: dict[str, AnnotatedDocument] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def read_corpus(
    paths: Sequence[str | os.PathLike[str]],
    *,
    schema: Schema,
    format: str | None = None,
    options: Mapping[str, Any] | None = None,
    annotated: bool = True,
) -> Corpus:
    """Read annotated files.

    Of a document that comes twice (PubMed id 8528200 of NCBI-disease's training part does) the
    first is kept and the other noted.

    Args:
        paths: files, folders or globs of any format that carries annotations.
        schema: maps the labels of mentions; what it doesn't know becomes a NamedThing.
        format: of the files; found out from the content where None.
        options: of the readers.
        annotated: whether there must be a mention.

    Raises:
        InputError: nothing to read, or no mention in all of it though there must be one.
        ConfigError: an unknown format or option.
    """
    from kgbuild.readers import read_documents

    names = [str(path) for path in paths]
    try:
        found = read_documents(names, format=format, **(options or {}))
    except ValueError as error:
        raise ConfigError(f"reading: {error}") from error
    corpus = collect(found, name=", ".join(names), schema=schema)
    if not corpus.documents:
        reasons = "; ".join(corpus.notes) or f"{corpus.name}: the files hold none"
        raise InputError(f"no document could be read: {reasons}")
    if annotated and not corpus.categories:
        raise InputError(
            f"{corpus.name}: {len(corpus.documents):,} documents without a single annotated "
            f"mention: expected {_ANNOTATED} with annotations"
        )
    return corpus


def collect(items: Iterable[object], *, name: str, schema: Schema) -> Corpus:
    """Make a corpus of what a reader yields; categories become those of the schema."""
    from kgbuild.extractors.given import UNMAPPED, GivenRecognizer

    state = _Collecting()
    recognizer = GivenRecognizer(schema)
    for item in items:
        if isinstance(item, Failure):
            state.failures.append(item)
        elif isinstance(item, AnnotatedDocument):
            if item.document.id in state.documents:
                state.repeated.append(item.document.id)
            else:
                state.documents[item.document.id] = mapped(item, recognizer)
    notes = []
    if state.repeated:
        notes.append(f"read twice, the first kept: {_some(state.repeated)}")
    if state.failures:
        first = state.failures[0]
        where = " ".join(filter(None, (first.document, first.place)))
        notes.append(f"{len(state.failures):,} could not be read, first {where}: {first.reason}")
    if recognizer.unmapped:
        labels = ", ".join(map(repr, recognizer.unmapped))
        notes.append(
            f"the schema knows no category for {labels}, so they count as {UNMAPPED}: say what "
            f"they mean, e.g. --map '{recognizer.unmapped[0]}=Disease'"
        )
    return Corpus(name, state.documents, tuple(f"{name}: {note}" for note in notes))


def _some(names: Sequence[str], *, limit: int = 3) -> str:
    more = f" and {len(names) - limit:,} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def mapped(item: AnnotatedDocument, recognizer: Any) -> AnnotatedDocument:
    """Return the document with mentions under the schema's categories."""
    [mentions] = recognizer.recognize([item])
    return item.with_mentions(mentions)


def moved(item: AnnotatedDocument, mentions: Mapping[str, Mention]) -> AnnotatedDocument:
    """Return the document with each mention replaced by ``mentions[its id]``, or left out.

    Groundings and relations follow.
    """
    from dataclasses import replace

    ids = {old: mention.id for old, mention in mentions.items()}
    kept = {mention.id: mention for mention in mentions.values()}
    return replace(
        item,
        mentions=tuple(sorted(kept.values(), key=lambda m: (m.start, m.end, m.category))),
        groundings=tuple(
            replace(g, mention=ids[g.mention]) for g in item.groundings if g.mention in ids
        ),
        relations=tuple(
            replace(r, subject=ids[r.subject], object=ids[r.object])
            for r in item.relations
            if r.subject in ids and r.object in ids
        ),
    )
