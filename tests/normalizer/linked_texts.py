"""What the tests of the linker are made of: a search with set answers, and small documents."""

from __future__ import annotations

from collections.abc import Sequence

from kgbuild.records import (
    Abbreviation,
    AnnotatedDocument,
    Candidate,
    Document,
    Grounding,
    Mention,
)


class Similar:
    """Gives listed candidates, and remembers what it was asked."""

    def __init__(self, found: dict[str, list[Candidate]]) -> None:
        self.found = found
        self.asked: list[str] = []

    def search(
        self, texts: Sequence[str], *, k: int, category: object = None
    ) -> list[list[Candidate]]:
        self.asked.extend(texts)
        return [self.found.get(text, [])[:k] for text in texts]


def document(
    *mentions: tuple[str, str], short: str = "", long: str = "", given: Sequence[str] = ()
) -> AnnotatedDocument:
    text, found = "", []
    for name, category in mentions:
        found.append(Mention("PMID:1", len(text), len(text) + len(name), name, category))
        text += name + " "
    defined = (Abbreviation(short, long, 0, 0),) if short else ()
    brought = tuple(
        Grounding(m.id, curie, "as given", m.category, 1.0, "given")
        for m, curie in zip(found, given, strict=False)
        if curie
    )
    return AnnotatedDocument(
        Document("PMID:1", text), abbreviations=defined, mentions=tuple(found), groundings=brought
    )
