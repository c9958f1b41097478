from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kgbuild.extractors.repeats import with_repeats
from kgbuild.records import Mention


def mention(text: str, name: str, score: float, category: str = "Disease") -> Mention:
    start = text.index(name)
    return Mention("d", start, start + len(name), name, category, score, "x/1")


def places(text: str, found: list[Mention], surest: float = 0.9) -> list[tuple[int, int]]:
    return [(m.start, m.end) for m in with_repeats(text, found, surest=surest)]


def test_a_sure_name_is_found_again_and_an_unsure_one_is_not() -> None:
    text = "MI and MI; PE and PE."
    found = [mention(text, "MI", 0.95), mention(text, "PE", 0.5)]
    assert places(text, found) == [(0, 2), (7, 9), (11, 13)]


def test_the_longest_name_is_looked_for_first() -> None:
    text = "renal failure, failure: renal failure"
    found = [mention(text, "renal failure", 1.0), Mention("d", 15, 22, "failure", "Disease", 1.0)]
    assert places(text, found) == [(0, 13), (15, 22), (24, 37)]


def test_only_whole_words_in_the_same_case_count() -> None:
    text = "WAS was WASP 2WAS WAS-like"
    assert places(text, [mention(text, "WAS", 1.0)]) == [(0, 3), (18, 21)]


def test_a_name_of_one_letter_is_not_looked_for() -> None:
    text = "T and T"
    assert places(text, [mention(text, "T", 1.0)]) == [(0, 1)]


@given(st.text("ab .", max_size=30), st.integers(0, 29), st.integers(1, 6))
def test_mentions_keep_their_place_and_never_overlap(text: str, start: int, size: int) -> None:
    name = text[start : start + size]
    if not name.strip() or name != name.strip():
        return
    given_ = [Mention("d", start, start + len(name), name, "Gene", 1.0)]
    found = with_repeats(text, given_, surest=0.5)
    assert all(text[m.start : m.end] == m.text for m in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert given_[0] in found
