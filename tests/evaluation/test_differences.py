from __future__ import annotations

import random

import pytest

from kgbuild.evaluation.differences import KINDS, count_kinds, differences
from kgbuild.evaluation.mentions import MentionSpan, score_mentions


def spans(*parts: str) -> list[MentionSpan]:
    """``"0-7 Drug"`` in document d."""
    found = []
    for part in parts:
        place, category = part.split()
        start, end = place.split("-")
        found.append(MentionSpan("d", int(start), int(end), category))
    return found


@pytest.mark.parametrize(
    ("gold", "found", "kinds"),
    [
        (["0-7 X"], ["0-7 X"], []),
        (["0-7 X"], ["1-7 X"], ["boundary"]),
        (["0-7 X"], ["0-7 Y"], ["type"]),
        (["0-7 X"], ["0-9 Y"], ["boundary and type"]),
        (["0-7 X"], [], ["missed"]),
        ([], ["0-7 X"], ["spurious"]),
        (["0-7 X"], ["7-9 X"], ["missed", "spurious"]),
        # One prediction over two gold mentions is one boundary error; the other one is missed.
        (["0-7 X", "8-12 X"], ["0-12 X"], ["boundary", "missed"]),
        # The same place goes before the same category, this before a longer overlap.
        (["0-9 X"], ["0-9 Y", "0-8 X"], ["spurious", "type"]),
        (["0-9 X"], ["0-8 Y", "0-3 X"], ["spurious", "boundary"]),
        # What agrees wholly explains nothing else.
        (["0-7 X"], ["0-7 X", "0-5 X"], ["spurious"]),
    ],
)
def test_kinds(gold: list[str], found: list[str], kinds: list[str]) -> None:
    assert sorted(d.kind for d in differences(spans(*gold), spans(*found))) == sorted(kinds)


def test_pieces_tell_a_discontinuous_mention_from_the_whole() -> None:
    gold = [MentionSpan("d", 0, 30, "X", ((0, 5), (25, 30)))]
    [wrong] = differences(gold, spans("0-30 X"))
    assert wrong.kind == "boundary"
    [missed, spurious] = differences(gold, spans("10-20 X"))
    assert (missed.kind, spurious.kind) == ("missed", "spurious")


@pytest.mark.parametrize("seed", range(10))
def test_every_error_of_the_strict_score_is_listed_once(seed: int) -> None:
    rng = random.Random(seed)
    gold, found = (
        {
            MentionSpan(rng.choice("ab"), a := rng.randrange(50), a + rng.randint(1, 9),
                        rng.choice("XY"))
            for _ in range(25)
        }
        for _ in range(2)
    )  # fmt: skip
    errors = differences(gold, found)
    strict = score_mentions(gold, found, categories="XY")["micro"]
    assert sorted(e.gold for e in errors if e.gold) == sorted(gold - found)
    assert sorted(e.found for e in errors if e.found) == sorted(found - gold)
    kinds = count_kinds(errors)
    assert list(kinds) == list(KINDS)
    paired = kinds["boundary"] + kinds["type"] + kinds["boundary and type"]
    assert paired + kinds["missed"] == strict.gold - strict.right
    assert paired + kinds["spurious"] == strict.found - strict.right
