"""The suites of look-alikes: what must never be merged, and what must."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from small_vocabularies import term

from kgbuild.normalizer.expansion import without_brackets
from kgbuild.normalizer.guards import may_be_same
from kgbuild.normalizer.linker import Linker
from kgbuild.normalizer.normal_form import normal_key
from kgbuild.records import Abbreviation, AnnotatedDocument, Document, Mention, Synonym

FOLDER = Path(__file__).parent


def lines(name: str) -> list[list[str]]:
    text = (FOLDER / name).read_text("utf-8")
    return [line.split("|") for line in text.splitlines() if line and not line.startswith("#")]


NEVER = [pair for family in lines("never_merged.txt") for pair in combinations(family, 2)]
ALWAYS = lines("always_merged.txt")


def test_the_suites_are_as_large_as_they_should_be():
    assert len({frozenset(pair) for pair in NEVER}) >= 200
    assert len({tuple(row) for row in ALWAYS}) >= 200


@pytest.mark.parametrize("family", lines("never_merged.txt"), ids="|".join)
def test_different_things_with_names_alike_are_never_merged(family):
    wrong = [
        (one, other)
        for one, other in combinations(family, 2)
        if normal_key(one) == normal_key(other)
        or may_be_same(one, other)
        or may_be_same(other, one)
    ]
    assert wrong == []


@pytest.fixture(scope="module")
def linker(make_lexicon, schema) -> Linker:
    return Linker(make_lexicon(list(_terms().values())), schema=schema)


def _terms() -> dict[str, object]:
    found = {}
    for number, (names, *_) in enumerate(ALWAYS):
        name, *synonyms = names.split("; ")
        if normal_key(name) not in found:
            own = term(f"X:{number}", name, "Disease")
            synonyms = tuple(Synonym(s) for s in synonyms)
            found[normal_key(name)] = type(own)(own.id, own.name, own.category, synonyms)
    return found


def _document(row: list[str]) -> AnnotatedDocument:
    text = row[1]
    defined = ()
    if len(row) > 2:
        short, long = row[2].split(" = ")
        defined = (Abbreviation(short, long, 0, 0),)
    mention = Mention("PMID:1", 0, len(text), text, "Disease")
    return AnnotatedDocument(Document("PMID:1", text), mentions=(mention,), abbreviations=defined)


def test_spellings_of_one_thing_are_always_merged(linker):
    terms = _terms()
    wrong = []
    for row, groundings in zip(
        ALWAYS, linker.ground([_document(row) for row in ALWAYS]), strict=True
    ):
        right = terms[normal_key(row[0].split("; ")[0])].id
        if [g.curie for g in groundings] != [right]:
            wrong.append((row, [(g.curie, g.name, g.reason) for g in groundings]))
    assert wrong == []


def test_spellings_of_one_thing_pass_the_guard():
    plain = [row for row in ALWAYS if len(row) == 2]
    pairs = [(row[0].split("; ")[0], without_brackets(row[1], {})) for row in plain]
    assert [pair for pair in pairs if not may_be_same(*pair)] == []
