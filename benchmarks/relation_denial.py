"""How often the relation model is right where a sentence asserts, doubts or denies, and by score.

    python benchmarks/relation_denial.py --model training/relations/model

The shipped model has learned from these documents, so measure the one of the same training without.
Development splits of ../shared/corpora (BC5CDR, BioRED), gold mentions and identifiers. A relation
counts as right if the corpus relates the two in that document (BC5CDR: chemical-induced disease;
BioRED: any type), though the corpora never annotate what is denied: the fewer of the denied ones
are right, the better denial is judged. "By score" leaves out the denied ones.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from kgbuild.evaluation.corpus import read_corpus
from kgbuild.evaluation.relations import induced_pairs, relation_pairs
from kgbuild.extractors.trained_relations import TrainedRelationExtractor
from kgbuild.ontologies.schema import Schema
from kgbuild.records import AnnotatedDocument, Relation
from kgbuild.text import segment

CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"
GOLD = {
    "BC5CDR, chemical-induced disease": CORPORA / "bc5cdr" / "CDR_DevelopmentSet.PubTator.txt",
    "BioRED, related in any way": CORPORA / "biored" / "Dev.PubTator",
}


def told(item: AnnotatedDocument, relation: Relation) -> str:
    """Return how the text that carries a relation means it."""
    if relation.negated:
        return "denied"
    inside = sum(s.start < relation.end and s.end > relation.start for s in item.sentences)
    if inside > 1:
        return "asserted, across sentences"
    return "hedged" if relation.hedged else "asserted"


def show(title: str, cases: Iterable[tuple[str, bool, float]]) -> None:
    """Print how many of each group are right."""
    groups: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for name, right, score in cases:
        groups[name].append((right, score))
    print(f"\n{title:<34} {'found':>6} {'right %':>8} {'score %':>8}")
    for name, own in sorted(groups.items()):
        right = 100 * sum(right for right, _ in own) / len(own)
        score = 100 * sum(score for _, score in own) / len(own)
        print(f"{name:<34} {len(own):>6} {right:>8.1f} {score:>8.1f}")


def main() -> None:
    """Print the tables of each corpus."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    schema = Schema.load()
    model = parser.parse_args().model
    extractor = TrainedRelationExtractor(schema=schema, named=False, model=model)
    for name, path in GOLD.items():
        gold = list(read_corpus([str(path)], schema=schema).documents.values())
        items = segment([replace(item, relations=()) for item in gold])
        pairs_of = induced_pairs if name.startswith("BC5CDR") else relation_pairs
        wanted = {pair.at("pair") for pair in pairs_of(gold, schema=schema)}
        cases = []
        for item, relations in zip(items, extractor.extract(items), strict=True):
            for relation in relations:
                one = replace(item, relations=(replace(relation, negated=False),))
                for pair in pairs_of([one], schema=schema):
                    right = pair.at("pair") in wanted
                    cases.append((told(item, relation), right, relation.score))
        show(name, cases)
        stated = [case for case in cases if case[0] != "denied"]
        show("by score", ((f"{int(s * 10) / 10:.1f} up", right, s) for _, right, s in stated))
        show("", (("stated", right, s) for _, right, s in stated))


if __name__ == "__main__":
    main()
