"""Measure relation extractors on BC5CDR and BioRED with gold mentions and identifiers.

Run ``python benchmarks/relations.py`` for the tables on the development splits, with
``--split train`` for those on the training splits, on which the patterns were tuned (documents
that are held back are left out of both), with ``--estimate`` for each pattern's precision on the
training splits (the ``confidence`` in patterns.yaml), and with ``--errors CID`` or ``--errors
BioRED`` for sentences to read.

Everything is counted by document and pair of identifiers, as the corpora do. A prediction that is
marked as negated is no prediction. BioRED's types map to our predicates as in ``BIORED_TYPES``:
types are coarser, so that "treats", "decreases" and "inhibits" all are Negative_Correlation, and
what BioRED calls Association may be any. "Pair" asks whether two entities are related at all.
Predictions between categories that the corpus doesn't relate (``ANNOTATED``; CID: a chemical and a
disease only) are left out, since nothing says whether they are right.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from kgbuild.evaluation.relations import BIORED_TYPES
from kgbuild.extractors.cooccurrence import CooccurrenceExtractor
from kgbuild.extractors.patterns import PatternExtractor
from kgbuild.ontologies.schema import Schema
from kgbuild.protocols import RelationExtractor
from kgbuild.readers import read_documents
from kgbuild.records import AnnotatedDocument, Relation
from kgbuild.text import segment

SHARED = Path(__file__).resolve().parents[2] / "shared" / "corpora"
FILES = {
    ("CID", "train"): "bc5cdr/CDR_TrainingSet.PubTator.txt",
    ("CID", "dev"): "bc5cdr/CDR_DevelopmentSet.PubTator.txt",
    ("BioRED", "train"): "biored/Train.PubTator",
    ("BioRED", "dev"): "biored/Dev.PubTator",
}
ANNOTATED = {
    frozenset(pair)
    for pair in (
        ("Disease", "Gene"), ("Disease", "ChemicalEntity"), ("Disease", "SequenceVariant"),
        ("Gene",), ("Gene", "ChemicalEntity"), ("ChemicalEntity",),
        ("ChemicalEntity", "SequenceVariant"), ("SequenceVariant",),
    )
}  # fmt: skip
INDUCED = {"causes", "associated_with"}
"""What BC5CDR's annotators call chemical-induced: they take "associated with" for it too."""
Pair = tuple[str, str]


class Triple(NamedTuple):
    """A prediction or gold relation of a document, by identifiers."""

    document: str
    subject: str
    predicate: str
    object: str

    @property
    def pair(self) -> tuple[str, Pair]:
        """The document and the two entities, whichever comes first."""
        low, high = sorted((self.subject, self.object))
        return self.document, (low, high)


def load(corpus: str, split: str, schema: Schema) -> list[AnnotatedDocument]:
    """Read a split without the held-back documents, its categories mapped to the schema's."""
    held = {line.split("\t")[0] for line in (SHARED / "HELD_BACK.tsv").read_text().splitlines()}
    documents = []
    for item in read_documents([SHARED / FILES[corpus, split]]):
        if isinstance(item, AnnotatedDocument):
            if item.document.id.removeprefix("PMID:") not in held:
                documents.append(with_categories(item, schema))
        else:
            print(f"left out of {corpus} {split}: {item}")
    return segment(documents)


def with_categories(document: AnnotatedDocument, schema: Schema) -> AnnotatedDocument:
    """Map the corpus's categories to the schema's; ids of mentions change with them."""
    ids, mentions = {}, []
    for mention in document.mentions:
        mapped = replace(mention, category=schema.category(mention.category) or mention.category)
        ids[mention.id] = mapped.id
        mentions.append(mapped)
    groundings = [replace(g, mention=ids[g.mention]) for g in document.groundings]
    relations = [
        replace(r, subject=ids[r.subject], object=ids[r.object]) for r in document.relations
    ]
    return replace(
        document,
        mentions=tuple(mentions),
        groundings=tuple(groundings),
        relations=tuple(relations),
    )


def triples(document: AnnotatedDocument, relations: Iterable[Relation]) -> Iterator[Triple]:
    """Turn relations between mentions into relations between identifiers."""
    curies: dict[str, list[str]] = defaultdict(list)
    for grounding in document.groundings:
        if grounding.curie:
            curies[grounding.mention].append(grounding.curie)
    for relation in relations:
        for subject in curies[relation.subject]:
            for object_ in curies[relation.object]:
                yield Triple(document.document.id, subject, relation.predicate, object_)


def annotated(document: AnnotatedDocument, relations: Iterable[Relation]) -> list[Relation]:
    """Keep what isn't negated and is between categories that BioRED relates."""
    category = {mention.id: mention.category for mention in document.mentions}
    return [
        r
        for r in relations
        if not r.negated and frozenset((category[r.subject], category[r.object])) in ANNOTATED
    ]


def gold_triples(document: AnnotatedDocument) -> set[Triple]:
    """Return the gold relations, by the identifiers that the corpus gives."""
    return set(triples(document, document.relations))


def score(found: set[object], gold: set[object]) -> str:
    """Return counts, precision, recall and F1 as columns of a table."""
    hits = len(found & gold)
    p, r = hits / max(len(found), 1), hits / max(len(gold), 1)
    f = 2 * p * r / max(p + r, 1e-9)
    return f"{len(gold):>6} {len(found):>6} {hits:>6} {p:>6.3f} {r:>6.3f} {f:>6.3f}"


HEAD = f"{'gold':>6} {'found':>6} {'right':>6} {'P':>6} {'R':>6} {'F1':>6}"


def table_cid(documents: Sequence[AnnotatedDocument], schema: Schema, title: str) -> None:
    """Chemical causes disease."""
    print(f"\n{title:<34} {HEAD} {'doc/s':>7}")
    gold = {t.pair for d in documents for t in gold_triples(d)}
    pairs = [("ChemicalEntity", "Disease")]
    extractors: dict[str, RelationExtractor] = {
        "document co-occurrence": CooccurrenceExtractor(level="document", pairs=pairs),
        "sentence co-occurrence": CooccurrenceExtractor(pairs=pairs),
        "patterns": PatternExtractor(schema=schema),
    }
    for name, extractor in extractors.items():
        found, speed = run(extractor, documents)
        for label, predicates in (
            (name, {"cooccurs_with", "causes"}),
            (f"{name}, associated too", {"causes", "associated_with"}),
        ):
            induced = {t.pair for t in found if t.predicate in predicates}
            if name in ("patterns", label):
                print(f"{label:<34} {score(set(induced), set(gold))} {speed:>7.0f}")


def table_biored(documents: Sequence[AnnotatedDocument], schema: Schema, title: str) -> None:
    """Pairs of any type, then ours by predicate, then BioRED's by type."""
    print(f"\n{title:<34} {HEAD} {'doc/s':>7}")
    gold = {t for d in documents for t in gold_triples(d)}
    gold_pairs = {t.pair for t in gold}
    pairs = [(min(pair), max(pair)) for pair in ANNOTATED]
    extractors: dict[str, RelationExtractor] = {
        "document co-occurrence": CooccurrenceExtractor(level="document", pairs=pairs),
        "sentence co-occurrence": CooccurrenceExtractor(pairs=pairs),
        "patterns": PatternExtractor(schema=schema),
    }
    found: list[Triple] = []
    for name, extractor in extractors.items():
        found, speed = run(extractor, documents)
        print(f"{name:<34} {score({t.pair for t in found}, set(gold_pairs))} {speed:>7.0f}")
    typed = {(t.pair, t.predicate) for t in gold}
    print(
        f"\n{'predicate (patterns)':<22} {'pairs':>6} {'P(pair)':>8} {'P(type)':>8} {'or Assoc':>8}"
    )
    for predicate in sorted({t.predicate for t in found}):
        mine = {t.pair for t in found if t.predicate == predicate}
        mapped = BIORED_TYPES.get(predicate, "-")
        any_type = len(mine & gold_pairs) / len(mine)
        exact = sum((pair, mapped) in typed for pair in mine) / len(mine)
        loose = sum((p, mapped) in typed or (p, "Association") in typed for p in mine) / len(mine)
        print(
            f"{predicate:<22} {len(mine):>6} {any_type:>8.3f} {exact:>8.3f} {loose:>9.3f}  {mapped}"
        )
    print(f"\n{'type (BioRED)':<34} {HEAD}")
    for kind in sorted({t.predicate for t in gold}):
        wanted = {t.pair for t in gold if t.predicate == kind}
        mine = {t.pair for t in found if BIORED_TYPES.get(t.predicate) == kind}
        print(f"{kind:<34} {score(set(mine), set(wanted))}")


def run(
    extractor: RelationExtractor, documents: Sequence[AnnotatedDocument]
) -> tuple[list[Triple], float]:
    """Return what isn't negated, and documents a second of a core, templates compiled."""
    extracted = extractor.extract(documents)
    start = time.process_time()
    extractor.extract(documents)
    seconds = time.process_time() - start
    found = [
        triple
        for document, relations in zip(documents, extracted, strict=True)
        for triple in triples(document, annotated(document, relations))
    ]
    return found, len(documents) / seconds


def estimate(corpora: dict[str, list[AnnotatedDocument]], schema: Schema) -> None:
    """Print each pattern's precision by construction, over both corpora.

    Right is, in BC5CDR, what CID lists (judged for ``INDUCED`` between chemicals and diseases
    only); in BioRED a pair with the mapped type or with Association.
    """
    extractor = PatternExtractor(schema=schema)
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for corpus, documents in corpora.items():
        for document in documents:
            for key, right in judged(extractor, corpus, document):
                counts[key][0] += right
                counts[key][1] += 1
    print(f"\n{'pattern':<28} {'construction':<12} {'right':>6} {'of':>6} {'P':>6}")
    for (pattern, construction), (right, total) in sorted(counts.items()):
        print(f"{pattern:<28} {construction:<12} {right:>6} {total:>6} {right / total:>6.2f}")
    print("\nconfidence, smoothed by one right and one wrong; constructions with ten cases or more")
    for pattern in sorted({name for name, _ in counts}):
        mine = {c: n for (name, c), n in counts.items() if name == pattern}
        pooled = [sum(n[0] for n in mine.values()), sum(n[1] for n in mine.values())]
        shown = {"default": pooled} | {c: n for c, n in sorted(mine.items()) if n[1] >= 10}
        values = ", ".join(f"{c}: {(n[0] + 1) / (n[1] + 2):.2f}" for c, n in shown.items())
        print(f"{pattern}: {{{values}}}")


def judged(
    extractor: PatternExtractor, corpus: str, document: AnnotatedDocument
) -> Iterator[tuple[tuple[str, str], bool]]:
    """Yield whether each pattern and construction is right about each pair of a document."""
    gold = {(t.pair, t.predicate) for t in gold_triples(document)}
    seen: set[tuple[str, str, object]] = set()
    for relation, match in extractor.explain(document):
        if corpus == "CID" and relation.predicate not in INDUCED:
            continue
        mapped = (
            {"CID"}
            if corpus == "CID"
            else {BIORED_TYPES.get(relation.predicate, ""), "Association"}
        )
        for triple in triples(document, annotated(document, [relation])):
            key = (match.pattern.name, match.construction)
            if (*key, triple.pair) not in seen:
                seen.add((*key, triple.pair))
                yield key, any((triple.pair, kind) in gold for kind in mapped)


def errors(corpus: str, documents: Sequence[AnnotatedDocument], schema: Schema, limit: int) -> None:
    """Print false positives and false negatives that share a sentence."""
    extractor = PatternExtractor(schema=schema)
    shown = 0
    for document in documents:
        gold = {t.pair for t in gold_triples(document)}
        text = document.document.text
        for relation, match in extractor.explain(document):
            pairs = {t.pair for t in triples(document, annotated(document, [relation]))}
            wanted = corpus != "CID" or relation.predicate in INDUCED
            if wanted and pairs and not pairs & gold and shown < limit:
                shown += 1
                print(
                    f"FP {match.pattern.name}/{match.construction} {document.document.id}"
                    f" [{match.subject.text}] [{relation.trigger}] [{match.object.text}]"
                    f"\n   {text[relation.start : relation.end]}"
                )
    missed = 0
    for document, relations in zip(documents, extractor.extract(documents), strict=True):
        found = {t.pair for t in triples(document, relations)}
        gold = {t.pair for t in gold_triples(document)}
        [together] = CooccurrenceExtractor().extract([document])
        mentions = {m.id: m.text for m in document.mentions}
        for relation in together:
            pairs = {t.pair for t in triples(document, [relation])}
            if pairs & gold - found and missed < limit:
                missed += 1
                print(
                    f"FN {document.document.id} [{mentions[relation.subject]}] "
                    f"[{mentions[relation.object]}]\n"
                    f"   {document.document.text[relation.start : relation.end]}"
                )


def main() -> None:
    """Print the tables that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--split", choices=("train", "dev"), default="dev")
    parser.add_argument("--estimate", action="store_true")
    parser.add_argument("--errors", choices=("CID", "BioRED"))
    parser.add_argument("--limit", type=int, default=40)
    arguments = parser.parse_args()
    schema = Schema.load()
    split = "train" if arguments.estimate or arguments.errors else arguments.split
    corpora = {corpus: load(corpus, split, schema) for corpus in ("CID", "BioRED")}
    if arguments.estimate:
        estimate(corpora, schema)
    elif arguments.errors:
        errors(arguments.errors, corpora[arguments.errors], schema, arguments.limit)
    else:
        table_cid(corpora["CID"], schema, f"BC5CDR CID, {split}")
        table_biored(corpora["BioRED"], schema, f"BioRED pairs, {split}")


if __name__ == "__main__":
    main()
