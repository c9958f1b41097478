"""Abbreviation definitions: ours beside the PyPI package `abbreviations` (both Schwartz & Hearst).

    pip install abbreviations && python benchmarks/abbreviation_finders.py

No corpus here has gold definitions, so the table counts what each finds on the same documents and
what only one finds, and how often a gold mention's short form is explained by a long form with the
same gold identifier (``confirmed``) or with another one (``refuted``).
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from kgbuild.readers import read_documents
from kgbuild.records import AnnotatedDocument
from kgbuild.text import find_abbreviations, split_sentences

SHARED = Path(__file__).resolve().parents[2] / "shared" / "corpora"
FILES = (
    "bc5cdr/CDR_TrainingSet.PubTator.txt",
    "bc5cdr/CDR_DevelopmentSet.PubTator.txt",
    "biored/Train.PubTator",
    "biored/Dev.PubTator",
)
Pairs = dict[str, str]


def ours(item: AnnotatedDocument) -> Pairs:
    text = item.document.text
    return {a.short: a.long for a in find_abbreviations(text, split_sentences(text))}


def package(item: AnnotatedDocument) -> Pairs:
    from abbreviations import schwartz_hearst

    text = item.document.text
    lines = "\n".join(text[s.start : s.end].replace("\n", " ") for s in split_sentences(text))
    found: Pairs = schwartz_hearst.extract_abbreviation_definition_pairs(doc_text=lines)
    return found


def judge(item: AnnotatedDocument, pairs: Pairs) -> tuple[int, int]:
    identifiers: dict[str, set[str]] = defaultdict(set)
    ids = {g.mention: g.curie for g in item.groundings if g.curie}
    for mention in item.mentions:
        if mention.id in ids:
            identifiers[mention.text.casefold()].add(ids[mention.id])
    known = [
        (identifiers[short.casefold()], identifiers[long.casefold()])
        for short, long in pairs.items()
        if short.casefold() in identifiers and long.casefold() in identifiers
    ]
    confirmed = sum(bool(short & long) for short, long in known)
    return confirmed, len(known) - confirmed


def main() -> None:
    logging.disable(logging.CRITICAL)
    documents = [
        item
        for item in read_documents([str(SHARED / name) for name in FILES])
        if isinstance(item, AnnotatedDocument)
    ]
    finders: dict[str, Callable[[AnnotatedDocument], Pairs]] = {"ours": ours, "package": package}
    found: dict[str, list[Pairs]] = {}
    print(f"{len(documents)} documents (BC5CDR and BioRED, train and development)\n")
    print("| | definitions | only this one | confirmed | refuted | documents/s |")
    print("|---|---:|---:|---:|---:|---:|")
    seconds = {}
    for name, find in finders.items():
        started = time.perf_counter()
        found[name] = [find(item) for item in documents]
        seconds[name] = time.perf_counter() - started
    for name, other in (("ours", "package"), ("package", "ours")):
        pairs = list(zip(found[name], found[other], documents, strict=True))
        total = sum(len(own) for own, _, _ in pairs)
        only = sum(len(own.keys() - theirs.keys()) for own, theirs, _ in pairs)
        confirmed, refuted = map(sum, zip(*(judge(d, own) for own, _, d in pairs), strict=True))
        rate = len(documents) / seconds[name]
        print(f"| {name} | {total} | {only} | {confirmed} | {refuted} | {rate:,.0f} |")


if __name__ == "__main__":
    main()
