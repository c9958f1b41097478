"""How MeSH's supplementary records name a species' gene products: "TMPRSS6 protein, human"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kgbuild.records import Synonym

__all__ = ["human_gene", "plain_names"]

_PRODUCT = re.compile(r"(\S+) protein, human\Z")
_OF_HUMANS = re.compile(r"(?: protein)?, human\Z")


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

    >>> [s.text for s in plain_names(["TMPRSS6 protein, human", "matriptase-2, human", "x"])]
    ['TMPRSS6', 'matriptase-2']
    """
    plain = dict.fromkeys(short for n in names if (short := _OF_HUMANS.sub("", n)) != n)
    return [Synonym(s, "exact" if " " in s else "abbreviation") for s in plain if s not in names]
