"""The lexicon as a folder: portable, checksummed, put together from parts, safe to break."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from small_vocabularies import GENES, MESH, MONDO, Words, term

from kgbuild.errors import VocabularyError
from kgbuild.normalizer import build as building
from kgbuild.normalizer.build import build_lexicon
from kgbuild.normalizer.checksums import verify_lexicon
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.normalizer.normal_form import normal_key
from kgbuild.ontologies.schema import Schema
from kgbuild.records import Failure, Synonym, Term


@dataclass
class Counted:
    """A vocabulary that counts how often it is read."""

    words: Words
    reads: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        return getattr(self.words, name)

    def terms(self) -> Iterator[Term | Failure]:
        self.reads.append(self.words.name)
        return self.words.terms()


def test_a_lexicon_can_be_moved_and_checked(tmp_path: Path, schema: Schema) -> None:
    build_lexicon([MESH, GENES], tmp_path / "a", schema=schema)
    shutil.move(tmp_path / "a", tmp_path / "b")
    verify_lexicon(tmp_path / "b")
    lexicon = Lexicon.open(tmp_path / "b")
    assert lexicon.lookup("aspirin")[0].curie == "MESH:D001241"
    [data] = (tmp_path / "b").glob("data-*")
    content = bytearray((data / "names.arrow").read_bytes())
    content[len(content) // 2] ^= 1
    (data / "names.arrow").write_bytes(content)
    with pytest.raises(VocabularyError, match=r"names\.arrow is not what was built"):
        verify_lexicon(tmp_path / "b")
    (data / "gram_rows.npy").unlink()
    with pytest.raises(VocabularyError, match=r"gram_rows\.npy .*unreadable"):
        verify_lexicon(tmp_path / "b")


def test_only_a_new_vocabulary_is_read_again(tmp_path: Path, schema: Schema) -> None:
    parts = tmp_path / "parts"
    mesh, genes = Counted(MESH), Counted(GENES)
    first = build_lexicon([mesh, genes], tmp_path / "a", schema=schema, parts=parts)
    changed = Counted(Words("hgnc", (*GENES.items, term("HGNC:5", "A1BG", "Gene"))))
    second = build_lexicon([mesh, changed], tmp_path / "a", schema=schema, parts=parts)
    assert (mesh.reads, genes.reads, changed.reads) == (["mesh"], ["hgnc"], ["hgnc"])
    assert second.built
    assert second.terms == first.terms + 1
    whole = build_lexicon([MESH, changed], tmp_path / "b", schema=schema)
    one, other = Lexicon.open(tmp_path / "a"), Lexicon.open(tmp_path / "b")
    assert whole.fingerprint == second.fingerprint
    assert list(one.each_name()) == list(other.each_name())
    assert [one.term(i) for i in ("HGNC:5", "MESH:D001241")] == [
        other.term(i) for i in ("HGNC:5", "MESH:D001241")
    ]


def test_failures_and_damaged_parts_survive(tmp_path: Path, schema: Schema) -> None:
    parts = tmp_path / "parts"
    bad = Words("bad", (*MONDO.items, Failure("f", "vocabulary", "wrong", place="line 3")))
    first = build_lexicon([bad], tmp_path / "a", schema=schema, parts=parts)
    again = build_lexicon([bad], tmp_path / "b", schema=schema, parts=parts)
    assert first.failures == again.failures != ()
    for path in parts.iterdir():
        path.write_bytes(path.read_bytes()[:100])
    third = build_lexicon([bad], tmp_path / "c", schema=schema, parts=parts)
    assert (third.failures, third.names) == (first.failures, first.names)


def test_several_automata_find_what_one_finds(
    tmp_path: Path, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Breast cancer, type 2 diabetes mellitus and lead; IL-2 in multiple sclerosis (CAT)."
    build_lexicon([MESH, GENES, MONDO], tmp_path / "one", schema=schema)
    monkeypatch.setattr(building, "_AUTOMATON_KEYS", 7)
    build_lexicon([MESH, GENES, MONDO], tmp_path / "more", schema=schema)
    one, more = Lexicon.open(tmp_path / "one"), Lexicon.open(tmp_path / "more")
    assert len(more.manifest["automata"]) > 2
    assert one.scan(text) == more.scan(text) != []
    key = one.key_id(" lead ")
    assert one.places(text, without={key}) == more.places(text, without={key})
    assert len(one.places(text, without={key})) == len(one.scan(text)) - 1


def test_names_written_alike_are_found_best_first(lexicon: Lexicon) -> None:
    found = lexicon.grams.search("breast cancr", k=5)
    assert lexicon.key(found[0][0]) == " breast cancer "
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    exact = lexicon.grams.search("acetylsalicylic acid", k=1)
    assert (lexicon.key(exact[0][0]), round(exact[0][1], 5)) == (" acetylsalicylic acid ", 1.0)
    for nothing in ("", "!", "qqqq zzzz"):
        assert lexicon.grams.search(nothing, k=5) == []


def test_words_of_other_names_are_known(lexicon: Lexicon) -> None:
    keys = " ".join(lexicon.key(number) for number in range(len(lexicon.grams)))
    words = {word for word in keys.split() if len(word) > 1}
    assert len(words) > 20
    assert all(map(lexicon.has_word, words))
    assert not any(map(lexicon.has_word, ("cancr", "ance", "breast  cancer", "")))


def test_a_rare_gram_search_is_exact_where_the_budget_holds_all(lexicon: Lexicon) -> None:
    """Against cosines computed from the definition, over all keys."""
    keys = [lexicon.key(number) for number in range(len(lexicon.grams))]

    def grams(text: str) -> set[bytes]:
        raw = text.encode()
        return {raw[i : i + 4] for i in range(len(raw) - 3)}

    counts: dict[bytes, int] = {}
    for key in keys:
        for gram in grams(key):
            counts[gram] = counts.get(gram, 0) + 1
    weight = {g: np.log1p(len(keys) / (n + 1)) ** 2 for g, n in counts.items()}
    asked = normal_key("multiple sclerosis disease")
    unknown = np.log1p(len(keys)) ** 2
    length = sum(weight.get(g, unknown) for g in grams(asked)) ** 0.5
    expected = {
        number: sum(weight[g] for g in both) / (length * sum(map(weight.get, grams(key))) ** 0.5)  # type: ignore[arg-type]
        for number, key in enumerate(keys)
        if (both := grams(asked) & grams(key))
    }
    found = dict(lexicon.grams.search("multiple sclerosis disease", k=len(keys)))
    assert found.keys() == expected.keys()
    for number, score in found.items():
        assert score == pytest.approx(expected[number], rel=1e-4)


BAD = [
    ("one character", Term("X:1", "a", "Disease")),
    ("control characters", Term("X:2", "bad\x00na\x07me\u200b", "Disease", (Synonym("a\tb\nc"),))),
    ("no letter at all", Term("X:3", "—", "Disease")),
    ("a name without end", Term("X:4", "n" * 100_000, "Disease")),
    ("half a surrogate", Term("X:5", "caf\udce9", "Disease")),
]


def test_odd_names_hurt_nothing(tmp_path: Path, schema: Schema) -> None:
    report = build_lexicon([Words("v", tuple(t for _, t in BAD))], tmp_path, schema=schema)
    lexicon = Lexicon.open(tmp_path)
    assert lexicon.lookup("a")[0].curie == "X:1"
    assert lexicon.lookup("bad na me") == lexicon.lookup("bad\x00na\x07me") != ()
    assert "X:3" in lexicon
    assert lexicon.lookup("n" * 100_000) == ()
    assert lexicon.term("X:4").name == "n" * 100_000
    assert [f.place for f in report.failures] == ["X:5"]
    assert "not be written as UTF-8" in report.failures[0].reason


def test_a_term_with_a_hundred_thousand_synonyms(tmp_path: Path, schema: Schema) -> None:
    many = tuple(Synonym(f"substance {n:06d}") for n in range(100_000))
    big = Term("CHEBI:1", "substance", "ChemicalEntity", many)
    build_lexicon([Words("v", (big,))], tmp_path, schema=schema)
    lexicon = Lexicon.open(tmp_path)
    assert lexicon.lookup("substance 099999")[0].curie == "CHEBI:1"
    assert len(lexicon.term("CHEBI:1").synonyms) == 100_000
