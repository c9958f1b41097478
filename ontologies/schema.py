"""The schema: which categories and predicates exist, what may connect to what, how ids are written.

A schema is data, a YAML file. Two come with kgbuild: ``biomedical`` (after the Biolink Model) and
``computer-science``; any other is given by its path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import ConfigError
from kgbuild.ontologies.naming import PrefixTable, label_key, nearest

if TYPE_CHECKING:
    import curies

__all__ = ["Category", "Predicate", "Prefix", "Schema"]


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of entity: a Biolink class, or a class of another field's schema.

    ``prefixes`` lists the vocabularies that identify it, preferred first. An ``abstract`` category
    only groups others: no entity has it.
    """

    name: str
    curie: str
    parents: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    equivalent: tuple[str, ...] = ()
    abstract: bool = False


@dataclass(frozen=True, slots=True)
class Predicate:
    """A kind of relation.

    ``domain`` and ``range`` are categories (their descendants count); empty allows any.
    ``canonical`` is False for the passive one of two inverses ("treated_by"). ``qualifiers`` hold
    what ``curie`` alone leaves unsaid; ``exact`` says whether ``curie`` means just the same.
    """

    name: str
    curie: str
    parents: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    domain: tuple[str, ...] = ()
    range: tuple[str, ...] = ()
    inverse: str = ""
    symmetric: bool = False
    canonical: bool = True
    qualifiers: Mapping[str, str] = field(default_factory=dict)
    exact: bool = True
    equivalent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prefix:
    """A prefix; ``iri`` is what it expands to; ``also`` and ``synonyms`` mean the same."""

    name: str
    iri: str
    also: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()


class Schema:
    """Categories, predicates and prefixes, with fast lookups. Get one by ``Schema.load``.

    >>> schema = Schema.load("biomedical")
    >>> schema.category("DiseaseOrPhenotypicFeature"), schema.predicate("Positive_Correlation")
    ('Disease', 'positively_correlated_with')
    >>> schema.canonical("MONDO:0005148", "treated_by", "MESH:D008687")
    ('MESH:D008687', 'treats', 'MONDO:0005148')
    >>> schema.expand("MONDO:0005148")
    'http://purl.obolibrary.org/obo/MONDO_0005148'
    """

    def __init__(
        self,
        name: str,
        *,
        categories: Mapping[str, Category],
        predicates: Mapping[str, Predicate],
        prefixes: Mapping[str, Prefix],
        fingerprint: str,
        title: str = "",
        model: str = "",
        model_version: str = "",
        labels: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {}),
    ) -> None:
        self.name = name
        self.title = title
        self.model = model
        self.model_version = model_version
        self.categories = categories
        self.predicates = predicates
        self.prefixes = prefixes
        self.fingerprint = fingerprint
        self.labels = labels
        self._category_of = _alias_index(categories.values(), "category", name)
        self._predicate_of = _alias_index(predicates.values(), "predicate", name)
        self._category_of |= {label_key(raw): meant for raw, meant in labels[0].items()}
        self._predicate_of |= {label_key(raw): meant for raw, meant in labels[1].items()}
        self._ancestors = {key: _ancestors(key, categories) for key in categories}
        self._prefix_table = PrefixTable((p.name, p.synonyms) for p in prefixes.values())
        self._ranks = {prefix: rank for rank, prefix in enumerate(prefixes)}
        self._category_ranks = {
            key: {prefix: rank for rank, prefix in enumerate(category.prefixes)}
            for key, category in categories.items()
        }

    @classmethod
    def load(cls, name_or_path: str | Path = "biomedical") -> Schema:
        """Return the schema ``biomedical`` or ``computer-science``, or the one in a YAML file.

        Raises:
            ConfigError: no such schema, or the file is not a valid one (unknown keys, categories
                or predicates that don't exist, an alias claimed twice, cyclic parents).
        """
        from kgbuild.ontologies.schema_build import load_schema

        return load_schema(name_or_path)

    def with_aliases(
        self,
        *,
        categories: Mapping[str, str] | None = None,
        predicates: Mapping[str, str] | None = None,
    ) -> Schema:
        """Return a schema in which these raw labels map to these names, whatever they did before.

        >>> mine = Schema.load().with_aliases(categories={"Chemical": "Drug"})
        >>> mine.category("Chemical")
        'Drug'

        Raises:
            ConfigError: a name that is not in the schema.
        """
        from kgbuild.ontologies.schema_build import override_aliases

        return override_aliases(self, categories=categories or {}, predicates=predicates or {})

    def category(self, raw: str) -> str | None:
        """Return the category that the label ``raw`` means, or None."""
        return self._category_of.get(label_key(raw))

    def predicate(self, raw: str) -> str | None:
        """Return the predicate that the label ``raw`` means, or None."""
        return self._predicate_of.get(label_key(raw))

    def canonical(self, subject: str, predicate: str, object: str) -> tuple[str, str, str]:
        """Return the one way in which this statement is written.

        The passive of two inverses is turned round; the ends of a symmetric predicate are put in
        string order; an unknown predicate is left as it is.
        """
        found = self.predicates.get(predicate)
        if found is None:
            return subject, predicate, object
        if found.symmetric:
            return min(subject, object), predicate, max(subject, object)
        if not found.canonical:
            return object, found.inverse, subject
        return subject, predicate, object

    def allows(self, subject_category: str, predicate: str, object_category: str) -> bool:
        """Tell whether ``predicate`` may hold between these categories (or their ancestors).

        False where the predicate or a category is unknown; a symmetric predicate is allowed if it
        is in either direction.
        """
        found = self.predicates.get(predicate)
        if found is None:
            return False
        if self._within(subject_category, found.domain) and self._within(
            object_category, found.range
        ):
            return True
        return (
            found.symmetric
            and self._within(object_category, found.domain)
            and self._within(subject_category, found.range)
        )

    def _within(self, category: str, allowed: tuple[str, ...]) -> bool:
        ancestors = self._ancestors.get(category)
        if ancestors is None:
            return False
        return not allowed or not ancestors.isdisjoint(allowed)

    def is_a(self, category: str, ancestor: str) -> bool:
        """Tell whether ``category`` is ``ancestor`` or below it; False where it is unknown."""
        return ancestor in self._ancestors.get(category, frozenset())

    def ancestors(self, category: str) -> frozenset[str]:
        """Return ``category`` and all that is above it; ``KeyError`` where it is unknown."""
        return self._ancestors[category]

    def prefix_rank(self, curie: str, *, category: str = "") -> int:
        """Return how preferred the vocabulary of ``curie`` is: 0 is best.

        With ``category`` its own order decides; prefixes that it doesn't list come after those,
        in the order of the file, unknown ones last.
        """
        prefix = curie.partition(":")[0]
        order = self._category_ranks.get(category)
        if order:
            rank = order.get(prefix)
            if rank is not None:
                return rank
        last = len(self._ranks)
        return (len(order) if order else 0) + self._ranks.get(prefix, last)

    def curie(self, raw: str) -> str:
        """Return ``raw`` with its prefix spelt as in this schema; unknown prefixes stay.

        >>> Schema.load().curie("mesh:D001241"), Schema.load().curie("HGNC:HGNC:6018")
        ('MESH:D001241', 'HGNC:6018')
        """
        return self._prefix_table.normalize(raw)

    def expand(self, curie: str) -> str:
        """Return the IRI of ``curie``.

        Raises:
            ConfigError: its prefix is not in the schema.
        """
        iri: str | None = self._converter.expand(curie, strict=False, passthrough=False)
        iri = iri or self._converter.expand(self.curie(curie), strict=False, passthrough=False)
        if iri is None:
            prefix = curie.partition(":")[0]
            hint = nearest(prefix, self.prefixes)
            raise ConfigError(
                f"schema '{self.name}' has no prefix '{prefix}' to expand '{curie}': {hint}"
                " or add it under 'prefixes:'"
            )
        return iri

    def compress(self, iri: str) -> str | None:
        """Return the CURIE of ``iri``, or None where no prefix fits."""
        return self._converter.compress(iri)

    def category_iri(self, name: str) -> str:
        """Return the IRI of a category; ``KeyError`` where it is not in the schema."""
        return self.expand(self.categories[name].curie)

    def predicate_iri(self, name: str) -> str:
        """Return the IRI of a predicate; ``KeyError`` where it is not in the schema.

        Where the model's term says less (``exact`` is False) it is an IRI of kgbuild's own, so that
        no two predicates share one.
        """
        predicate = self.predicates[name]
        return self.expand(predicate.curie) if predicate.exact else f"urn:kgbuild:predicate:{name}"

    @cached_property
    def _converter(self) -> curies.Converter:
        import curies  # 0.3 s to import: only when something is expanded

        return curies.Converter(
            [
                curies.Record(
                    prefix=prefix.name,
                    uri_prefix=prefix.iri,
                    prefix_synonyms=list(prefix.synonyms),
                    uri_prefix_synonyms=list(prefix.also),
                )
                for prefix in self.prefixes.values()
            ]
        )


def _alias_index(entries: Iterable[Category | Predicate], kind: str, schema: str) -> dict[str, str]:
    """Map names and aliases, normalized, to names; those of abstract categories come last."""
    index: dict[str, str] = {}
    last: dict[str, str] = {}
    for entry in entries:
        labels = {label_key(label): label for label in (*entry.aliases, entry.name)}
        if isinstance(entry, Category) and entry.abstract:
            last |= dict.fromkeys(labels, entry.name)
            continue
        for key, label in labels.items():
            other = index.setdefault(key, entry.name)
            if other != entry.name:
                raise ConfigError(
                    f"schema '{schema}': the {kind} label '{label}' is claimed by both"
                    f" '{other}' and '{entry.name}': leave it to one of them"
                )
    return last | index


def _ancestors(
    name: str, entries: Mapping[str, Category] | Mapping[str, Predicate]
) -> frozenset[str]:
    """Return ``name`` and all that is above it; parents are known to be acyclic."""
    found: set[str] = set()
    pending = [name]
    while pending:
        current = pending.pop()
        if current not in found:
            found.add(current)
            pending.extend(entries[current].parents)
    return frozenset(found)
