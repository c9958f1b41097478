"""Documents from marked sentences: ``[Aspirin|C] inhibits [COX2|G].``"""

from __future__ import annotations

import re

from kgbuild.records import AnnotatedDocument, Document, Grounding, Mention
from kgbuild.text import segment

CATEGORIES = {
    "C": "ChemicalEntity",
    "D": "Disease",
    "G": "Gene",
    "P": "PhenotypicFeature",
    "V": "SequenceVariant",
    "A": "AnatomicalEntity",
    "L": "CellLine",
    "B": "BiologicalProcess",
    "O": "OrganismTaxon",
}
_MARK = re.compile(r"\[([^\[\]|]+)\|([A-Za-z]+)(?:=([^\]]+))?\]")


def document(marked: str, *, categories: dict[str, str] | None = None) -> AnnotatedDocument:
    """Read marks ``[text|code]`` or ``[text|code=CURIE]``; sentences are found in the text."""
    names = {**CATEGORIES, **(categories or {})}
    text, mentions, groundings = "", [], []
    position = 0
    for match in _MARK.finditer(marked):
        text += marked[position : match.start()]
        surface, code, curie = match.groups()
        mention = Mention("d:1", len(text), len(text) + len(surface), surface, names[code])
        mentions.append(mention)
        if curie:
            groundings.append(Grounding(mention.id, curie, surface, mention.category, 1.0, "exact"))
        text += surface
        position = match.end()
    text += marked[position:]
    [found] = segment(
        [
            AnnotatedDocument(
                Document("d:1", text), mentions=tuple(mentions), groundings=tuple(groundings)
            )
        ]
    )
    return found
