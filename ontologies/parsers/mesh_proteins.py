"""How MeSH's supplementary records name a species' gene products: "TMPRSS6 protein, human"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kgbuild.records import Synonym

__all__ = ["human_gene", "plain_names"]

_PRODUCT = re.compile(r"(\S+) protein, human\Z")
_SPECIES = ", human"
_WORD = " protein"
_LAST = re.compile(
    r"\S*\d\S*|[ivx]+|alpha|beta|gamma|delta|epsilon|zeta|[\w-]{4,}(?:ase|in)", re.IGNORECASE
)
_KINDS = frozenset(
    ("receptor", "factor", "antigen", "hormone", "ligand", "subunit", "channel", "transporter")
)
_OTHERS = frozenset(("disease", "release", "domain", "chain", "brain"))
"""Last words that tell by themselves that a protein is meant, and some that only look like it."""


def human_gene(name: str, synonyms: Iterable[str]) -> str:
    """Return the CURIE of the human gene's symbol that a record is named after, or "".

    >>> human_gene("TMPRSS6 protein, human", ["matriptase-2, human"])
    'hgnc.symbol:TMPRSS6'
    >>> human_gene("adipocyte protein", ["AB protein, human", "CD protein, human"])
    ''
    """
    own = _PRODUCT.match(name)
    named = [own] if own else list(filter(None, map(_PRODUCT.match, synonyms)))
    return f"hgnc.symbol:{named[0][1]}" if len(named) == 1 else ""


def plain_names(names: Sequence[str]) -> list[Synonym]:
    """Return what a human gene product is called in a text, which leaves the species out.

    The word "protein" stays where the rest would be another word, or words that need it.

    >>> [s.text for s in plain_names(["TMPRSS6 protein, human", "matriptase-2, human", "x"])]
    ['TMPRSS6', 'matriptase-2']
    >>> [s.text for s in plain_names(["psoriasin protein, human", "spike protein, human"])]
    ['psoriasin', 'spike protein']
    >>> [s.text for s in plain_names(["WAVE protein, human", "ceramide transport protein, human"])]
    ['WAVE protein', 'ceramide transport protein']
    >>> [s.text for s in plain_names(["Batten disease protein, human", "X matrix protein, human"])]
    ['Batten disease protein', 'X matrix protein']
    """
    human = (name.removesuffix(_SPECIES) for name in names if name.endswith(_SPECIES))
    plain = dict.fromkeys(map(_without_kind, human))
    return [Synonym(s, "exact" if " " in s else "abbreviation") for s in plain if s not in names]


def _without_kind(name: str) -> str:
    short = name.removesuffix(_WORD)
    first, _, last = short.rpartition(" ")
    is_code = not first and not short.isupper() and any(map(str.isupper, short[1:]))
    tells = _LAST.fullmatch(last) is not None and last.lower() not in _OTHERS
    return short if is_code or tells or (first and last.lower() in _KINDS) else name
