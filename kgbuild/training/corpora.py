"""Annotated documents as trainings take them: in sentences, with the schema's categories."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import ConfigError, InputError
from kgbuild.records import AnnotatedDocument, Failure, Mention

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["read_corpus", "readable_documents"]

_log = logging.getLogger(__name__)


def read_corpus(
    files: Sequence[str | Path],
    *,
    schema: Schema,
    options: Mapping[str, Any] | None = None,
    fold: Mapping[str, str] | None = None,
) -> list[AnnotatedDocument]:
    """Return the documents of annotated files, each id once, with sentences and abbreviations.

    Args:
        files: of any format that carries mentions.
        schema: its aliases say which category a type of the file is.
        options: of the reader.
        fold: categories that count as another ("PhenotypicFeature" as "Disease").

    Raises:
        ConfigError: an option that no reader has.
        InputError: a file has no document, or no mention.
    """
    from kgbuild.readers import check_options
    from kgbuild.text import segment

    try:
        own = dict(options or {})
        check_options(own.pop("format", None), own)
    except ValueError as error:
        raise ConfigError(f"corpora: options: {error}") from error
    found: dict[str, AnnotatedDocument] = {}
    repeated = 0
    for file in files:
        mentions = 0
        for item in readable_documents([file], **(options or {})):
            mentions += len(item.mentions)
            repeated += item.document.id in found
            found.setdefault(item.document.id, _in_schema(item, schema, fold or {}))
        if not mentions:
            raise InputError(
                f"{file}: no annotated document: expected mentions (PubTator, BioC, IOB, brat)"
            )
    if repeated:
        names = ", ".join(str(file) for file in files)
        _log.warning("%s: %d documents that repeat an id are left out", names, repeated)
    return segment(list(found.values()))


def readable_documents(files: Sequence[str | Path], **options: Any) -> Iterator[AnnotatedDocument]:
    """Yield the documents of files or folders; of those that can't be read the log says why."""
    from kgbuild.readers import read_documents

    for item in read_documents(list(files), **options):
        if isinstance(item, Failure):
            _log.warning("%s %s: %s", item.source, item.place, item.reason)
        elif isinstance(item, AnnotatedDocument):
            yield item


def _in_schema(
    item: AnnotatedDocument, schema: Schema, fold: Mapping[str, str]
) -> AnnotatedDocument:
    def own(mention: Mention) -> Mention:
        category = schema.category(mention.category) or mention.category
        return replace(mention, category=fold.get(category, category))

    return item.with_mentions(tuple(map(own, item.mentions)))
