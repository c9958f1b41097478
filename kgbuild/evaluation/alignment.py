"""Bringing predictions to the gold standard's terms: documents, offsets, categories, identifiers.

Only what can be compared is compared: the same text (white space aside), the gold standard's own
categories (a Drug counts as a ChemicalEntity where that is what is annotated), and identifiers
that are equal or that a vocabulary declares to be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from kgbuild.errors import InputError
from kgbuild.evaluation.corpus import Corpus, moved
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Grounding, Mention

__all__ = ["Aligned", "CrossReferences", "SameIdentifier", "align", "category_map"]

CrossReferences = Callable[[str], Collection[str] | None]
"""Gives the identifiers of other vocabularies that an identifier is declared to equal."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """Gold documents and, in the same order, what was predicted of each."""

    gold: tuple[AnnotatedDocument, ...]
    found: tuple[AnnotatedDocument, ...]
    notes: tuple[str, ...] = ()


def align(
    gold: Corpus,
    found: Mapping[str, AnnotatedDocument],
    *,
    schema: Schema,
    xrefs: CrossReferences | None = None,
    shared_only: bool = False,
    name: str = "the predictions",
) -> Aligned:
    """Put predictions beside the gold documents, in the gold standard's terms.

    A gold document without predictions counts as one in which nothing was found.

    Args:
        gold: what to measure by.
        found: predicted documents by id.
        schema: knows which category is below which.
        xrefs: which identifiers mean the same; without it only equal ones do.
        shared_only: leave out gold documents that are not among the predicted ones.
        name: what the predictions are called in messages.

    Raises:
        InputError: no document is in both, or all texts differ.
    """
    shared = [document for document in gold.documents if document in found]
    if not shared:
        raise InputError(_no_shared(gold, found, name))
    categories = category_map(gold.categories, schema)
    golds, founds, notes, other_text = [], [], [], []
    for document, item in gold.documents.items():
        own = found.get(document)
        if own is None:
            if shared_only:
                continue
            own = AnnotatedDocument(item.document)
        elif (placed := _placed(own, item)) is None:
            other_text.append(document)
            continue
        else:
            own = _in_terms(placed, item, categories, xrefs)
        golds.append(item)
        founds.append(own)
    if other_text and len(other_text) == len(shared):
        raise InputError(_other_text(gold, found, other_text[0], name))
    missing = len(gold.documents) - len(shared)
    if missing and not shared_only:
        notes.append(
            f"{missing:,} of {len(gold.documents):,} gold documents are not among {name}: "
            "all of their mentions count as missed (--shared-only leaves them out)"
        )
    if other_text:
        notes.append(
            f"{len(other_text):,} documents have another text in {name} and are left out, "
            f"{other_text[0]} among them"
        )
    return Aligned(tuple(golds), tuple(founds), tuple(notes))


def _no_shared(gold: Corpus, found: Mapping[str, AnnotatedDocument], name: str) -> str:
    if not found:
        return f"{name}: no document in it to compare with {gold.name}"
    ours, theirs = next(iter(gold.documents)), next(iter(found))
    return (
        f"no document is both in {gold.name} and in {name}: ids look like {ours} there and "
        f"{theirs} here; if only the prefix differs, name it (--id-prefix PMID)"
    )


def _other_text(
    gold: Corpus, found: Mapping[str, AnnotatedDocument], document: str, name: str
) -> str:
    ours, theirs = gold.documents[document].document.text, found[document].document.text
    at = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), 0)
    return (
        f"the texts of {name} are not those of {gold.name}: {document} has "
        f"{theirs[at : at + 40]!r} at character {at}, expected {ours[at : at + 40]!r}; predict "
        "on the gold standard's own text"
    )


def _placed(item: AnnotatedDocument, gold: AnnotatedDocument) -> AnnotatedDocument | None:
    """Return a document's annotations at their places in the gold text; None if it is another."""
    text = gold.document.text
    own = item.document.text
    if own == text or not item.mentions:
        return replace(item, document=gold.document)
    places = [i for i, character in enumerate(text) if not character.isspace()]
    numbers = {i: n for n, i in enumerate(j for j, c in enumerate(own) if not c.isspace())}
    if [text[i] for i in places] != [own[i] for i in numbers]:
        return None

    def span(start: int, end: int) -> tuple[int, int]:
        inside = [numbers[i] for i in range(start, end) if i in numbers]
        return (places[inside[0]], places[inside[-1]] + 1) if inside else (0, 0)

    def place(mention: Mention) -> Mention:
        start, end = span(mention.start, mention.end)
        pieces = tuple(span(*piece) for piece in mention.spans)
        return replace(mention, start=start, end=end, text=text[start:end], spans=pieces)

    mentions = {m.id: place(m) for m in item.mentions}
    return replace(moved(item, mentions), document=gold.document)


_GENE_OR_PRODUCT = "GeneOrGeneProduct"


def category_map(annotated: Collection[str], schema: Schema) -> Callable[[str], str]:
    """Return what turns a category into the annotated one that it is, or is below.

    Corpora that annotate genes and nothing else of their kind mean the products, too (BioRED's
    GeneOrGeneProduct, BC2GM's GENE): there a protein counts as a gene.

    >>> as_annotated = category_map(["ChemicalEntity", "Gene"], Schema.load())
    >>> as_annotated("Drug"), as_annotated("Protein"), as_annotated("Cell")
    ('ChemicalEntity', 'Gene', 'Cell')
    """
    from kgbuild.extractors.given import UNMAPPED  # what has no category holds no other

    kinds = [a for a in annotated if a != UNMAPPED and schema.is_a(a, _GENE_OR_PRODUCT)]

    def as_annotated(category: str) -> str:
        category = schema.category(category) or category  # the user may have mapped it
        if category in annotated:
            return category
        if kinds == ["Gene"] and schema.is_a(category, _GENE_OR_PRODUCT):
            return "Gene"
        above = [a for a in annotated if a != UNMAPPED and schema.is_a(category, a)]
        # the narrowest: all the others are above it too
        return next((a for a in above if all(schema.is_a(a, other) for other in above)), category)

    return as_annotated


class SameIdentifier:
    """Turns an identifier into the gold one that it is, or is declared to equal, else leaves it.

    >>> same = SameIdentifier(["MESH:D003924"], {"MONDO:0005148": ["MESH:D003924"]}.get)
    >>> same("MONDO:0005148"), same("MONDO:0000001")
    ('MESH:D003924', 'MONDO:0000001')
    """

    def __init__(self, gold: Iterable[str], xrefs: CrossReferences | None) -> None:
        self._gold = frozenset(gold)
        self._xrefs = xrefs
        self._declared = {
            other: curie for curie in sorted(self._gold, reverse=True) for other in self._of(curie)
        }

    def _of(self, curie: str) -> Collection[str]:
        return (self._xrefs(curie) if self._xrefs else None) or ()

    def __call__(self, curie: str) -> str:
        """Return the gold identifier that ``curie`` means, or itself."""
        if curie in self._gold or self._xrefs is None or not curie:
            return curie
        declared = min(self._gold.intersection(self._of(curie)), default="")
        return declared or self._declared.get(curie, curie)


def _in_terms(
    item: AnnotatedDocument,
    gold: AnnotatedDocument,
    categories: Callable[[str], str],
    xrefs: CrossReferences | None,
) -> AnnotatedDocument:
    mentions = {m.id: replace(m, category=categories(m.category)) for m in item.mentions}
    item = moved(item, mentions)
    if xrefs is None:
        return item
    meant = SameIdentifier((g.curie for g in gold.groundings if g.curie), xrefs)
    return replace(
        item,
        groundings=_unique(replace(g, curie=meant(g.curie)) for g in item.groundings),
        relations=tuple(
            replace(r, subject_curie=meant(r.subject_curie), object_curie=meant(r.object_curie))
            for r in item.relations
        ),
    )


def _unique(groundings: Iterable[Grounding]) -> tuple[Grounding, ...]:
    return tuple({(g.mention, g.curie): g for g in groundings}.values())
