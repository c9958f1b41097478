"""Mentions that the input carried (PubTator, BioC), under the schema's categories."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kgbuild.records import AnnotatedDocument, Mention

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["GivenRecognizer"]

UNMAPPED = "NamedThing"
"""The category of mentions whose label the schema doesn't know."""

_log = logging.getLogger(__name__)


class GivenRecognizer:
    """Takes the mentions that documents came with instead of looking for any.

    Labels become categories by the schema's aliases ("Chemical" becomes ChemicalEntity). A mention
    whose label the schema doesn't know is kept as a NamedThing, and the label is named in the log,
    once.

    A mention's id holds its category, so the ids of mentions change: groundings and relations that
    came with a document follow by ``AnnotatedDocument.with_mentions``.
    """

    name = "given"

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._unmapped: set[str] = set()

    @property
    def unmapped(self) -> tuple[str, ...]:
        """The labels met so far that the schema doesn't know, sorted."""
        return tuple(sorted(self._unmapped))

    def recognize(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Mention, ...]]:
        """Return each document's own mentions, in order of start; idempotent."""
        return [self._mapped(item) for item in batch]

    def _mapped(self, item: AnnotatedDocument) -> tuple[Mention, ...]:
        mentions: dict[str, Mention] = {}
        for mention in item.mentions:
            mapped = replace(mention, category=self._category(mention.category))
            mentions.setdefault(mapped.id, mapped)
        return tuple(sorted(mentions.values(), key=lambda m: (m.start, m.end, m.category)))

    def _category(self, label: str) -> str:
        category = self._schema.category(label)
        if category is not None:
            return category
        if label not in self._unmapped and label != UNMAPPED:
            self._unmapped.add(label)
            _log.warning(
                "the schema knows no category for the given label %r: such mentions become %s. "
                "Add the label to a category's aliases",
                label, UNMAPPED,
            )  # fmt: skip
        return UNMAPPED
