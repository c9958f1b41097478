"""What a writer wrote, and what its format had no place for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["WriteReport", "WriteTally"]


@dataclass(frozen=True, slots=True)
class WriteReport:
    """Counts of what was written. ``lost`` counts, by reason, what the format can't hold."""

    documents: int
    mentions: int
    relations: int
    lost: Mapping[str, int]


@dataclass(slots=True)
class WriteTally:
    """The counts while writing goes on."""

    documents: int = 0
    mentions: int = 0
    relations: int = 0
    lost: Counter[str] = field(default_factory=Counter)

    def report(self) -> WriteReport:
        """Return the counts, frozen."""
        return WriteReport(self.documents, self.mentions, self.relations, dict(self.lost))
