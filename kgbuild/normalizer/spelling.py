"""Whether two names that are written alike are one name: by their words, not by their letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rapidfuzz.distance import OSA

from kgbuild.normalizer.folding import word_set

__all__ = ["likeness"]

_RESPELLED = 0.9
_BROUGHT = 0.8
_HEAD = 2
_LONG = 8
_ENDING = 4
_ADJECTIVE = ("al", "ant", "ed", "ent", "ic", "ing", "ive", "ous")
_KINDS = word_set(
    "by condition disease disorder in infection of or and syndrome the to trait type with"
)
_DENIED = word_set("anti non not post pre pseudo without")


def likeness(name: str, other: str, *, cosine: float, is_known: Callable[[str], bool]) -> float:
    """Return how sure it is, in [0, 1], that two names mean the same thing.

    Names of the same words but for their spelling do; names one of which brings a word of its own
    that does more than say what kind of thing it is ("mild cognitive impairment") rarely do. On
    training documents of NCBI-disease and BC5CDR the number is about the share that is right.

    Args:
        name: the normal key of a mention's name.
        other: the normal key of a term's name.
        cosine: of their character n-grams, where the words don't tell.
        is_known: whether a word is one of any term's name, so that it is not misspelled.

    >>> likeness("diabetis mellitus", "diabetes mellitus", cosine=0.6, is_known="mellitus".__eq__)
    0.9
    >>> likeness("renal injury", "acute renal injury", cosine=0.75, is_known="renal".__eq__) < 0.7
    True
    """
    lost, brought = _apart(name.split(), other.split(), is_known)
    if "".join(lost) == "".join(brought):
        return max(cosine, _RESPELLED)
    if not _DENIED.isdisjoint(lost) or not _DENIED.isdisjoint(brought):
        return 0.0
    return cosine if _KINDS.issuperset(brought) else _BROUGHT * cosine


def _apart(
    one: Sequence[str], other: Sequence[str], is_known: Callable[[str], bool]
) -> tuple[list[str], list[str]]:
    """Return the words of each that the other has in no spelling, in their order."""
    lost = [word for word in one if word not in other]
    brought = [word for word in other if word not in one]
    if lost and brought:
        heads = {word[:_HEAD] for word in brought}
        for word in [word for word in lost if word[:_HEAD] in heads]:
            own = next((own for own in brought if _respelled(word, own, is_known)), None)
            if own is not None:
                lost.remove(word)
                brought.remove(own)
    return lost, brought


def _respelled(word: str, own: str, is_known: Callable[[str], bool]) -> bool:
    """Tell whether ``word`` is ``own`` misspelled, or its adjective ("hypertensive")."""
    if word[:_HEAD] != own[:_HEAD]:
        return False
    most = 1 if min(len(word), len(own)) < _LONG else 2
    if OSA.distance(word, own, score_cutoff=most) > most:
        return False
    stem = word[:-_ENDING]
    if word.endswith(_ADJECTIVE) and own.startswith(stem):
        return True
    return not is_known(word)
