"""Which names of a lexicon have their vectors made beforehand, and which when they are needed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.normalizer.candidates import best_of_each
from kgbuild.normalizer.coded import categories_of_codes
from kgbuild.normalizer.index import DenseIndex, Name, Progress
from kgbuild.normalizer.index_folder import FORMAT
from kgbuild.normalizer.late_vectors import LateVectors
from kgbuild.normalizer.normal_form import normal_key
from kgbuild.records import Candidate, content_hash

if TYPE_CHECKING:
    from kgbuild.normalizer.lexicon import Lexicon
    from kgbuild.normalizer.vector_choice import Choice
    from kgbuild.ontologies.schema import Schema
    from kgbuild.protocols import Encoder

__all__ = ["DenseNames", "in_one_order"]

_VERSION = 1  # of which names are encoded
_IN_LATIN = "OrganismTaxon"


class DenseNames:
    """Searches a lexicon by vectors.

    Names of genes, chemicals, species and the like are two thirds of what vocabularies hold, and
    where one of them is near a text it is written alike: they are encoded when a text is like them
    (``LateVectors``). All others are encoded beforehand (``DenseIndex``).

    Args:
        lexicon: the names.
        encoder: makes the vectors; wrap it in ``CachedEncoder``.
        schema: says what is a gene or a chemical.
        folder: where indexes are kept, each in a folder of its own.
        beforehand: off, no name is encoded until a text is like it.
        progress: called as names are encoded.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        encoder: Encoder,
        *,
        schema: Schema,
        folder: Path,
        beforehand: bool = True,
        progress: Progress | None = None,
    ) -> None:
        self._later = categories_of_codes(lexicon.categories, schema, also=(_IN_LATIN,))
        if not beforehand:
            self._later = frozenset(lexicon.categories)
        self._before = frozenset(lexicon.categories) - self._later
        self._late = LateVectors(lexicon, encoder)
        fingerprint = content_hash(lexicon.fingerprint, *sorted(self._before), str(_VERSION))
        self._index = DenseIndex(
            lambda: in_one_order(n for n in lexicon.each_name() if n[2] in self._before),
            encoder,
            folder=folder / content_hash(fingerprint, encoder.fingerprint, FORMAT),
            lexicon=fingerprint,
            progress=progress,
        )

    @property
    def choice(self) -> Choice | None:
        """Which index it is and why, once it is being built or open."""
        return self._index.choice

    def build(self) -> None:
        """Make the vectors that are made beforehand, unless they are there."""
        self._index.build()

    def search(
        self, texts: Sequence[str], *, k: int, category: str | Collection[str] | None = None
    ) -> list[list[Candidate]]:
        """Return up to ``k`` candidates of each text; see ``DenseIndex.search``."""
        wanted = self._before | self._later
        if category is not None:
            wanted &= {category} if isinstance(category, str) else frozenset(category)
        ways = (self._index, wanted & self._before), (self._late, wanted & self._later)
        found = [way.search(texts, k=k, category=own) for way, own in ways if own]
        if len(found) == 1:
            return found[0]
        return [
            best_of_each(candidate for way in found for candidate in way[place])[:k]
            for place in range(len(texts))
        ]


def in_one_order(names: Iterable[Name]) -> Iterator[Name]:
    """Yield the names without those that another name of the same term is, in another order.

    Of "Breast Neoplasms" and "Neoplasms, Breast" the one with fewer commas stays. MeSH has most
    of its names in two orders or more.

    >>> sorted(in_one_order([("Neoplasms, Breast", "x:1", ""), ("Breast Neoplasms", "x:1", "")]))
    [('Breast Neoplasms', 'x:1', '')]
    """
    kept: dict[tuple[str, str, str], Name] = {}
    for name in names:
        words = " ".join(sorted(normal_key(name[0]).split()))
        key = name[1], name[2], words or name[0]
        if key not in kept or name[0].count(",") < kept[key][0].count(","):
            kept[key] = name
    yield from kept.values()
