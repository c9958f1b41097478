"""Categories by branch: what a term is, said once for all that is below another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from kgbuild.records import Term

__all__ = ["categories_below"]


def categories_below(
    terms: Iterable[Term], branches: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Return the category of each term of a branch, its root included, and the roots of none.

    Where a term is below several roots, the fewest steps up decide, then the order of the roots:
    a branch inside a branch has its own category.

    Args:
        terms: all of the vocabulary.
        branches: the roots' CURIEs, each with the category of what is below. A root needs no term
            of its own.
    """
    below: defaultdict[str, list[str]] = defaultdict(list)
    known = set()
    for term in terms:
        if term.id in branches:
            known.add(term.id)
        for parent in term.parents:
            below[parent].append(term.id)
    empty = [root for root in branches if root not in known and root not in below]
    found = dict(branches)
    level = list(branches)
    while level:
        following = []
        for above in level:
            for curie in below.pop(above, ()):
                if curie not in found:
                    found[curie] = found[above]
                    following.append(curie)
        level = following
    return found, empty
