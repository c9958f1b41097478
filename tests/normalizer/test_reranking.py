from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from kgbuild.errors import ConfigError
from kgbuild.normalizer.encoder import encoder_reranker
from kgbuild.normalizer.linker import Linker
from kgbuild.normalizer.reranking import RANKING_FILE, Reranker, TextContext, rival
from kgbuild.records import AnnotatedDocument, Candidate, Document, Mention, Term

RERANKER = Reranker(20.0, words=-0.5, said=0.8, named=0.9, above=0.6, kinds={"MESH:C": -2.7})
MOTHERS = Candidate("MESH:D016640", "Gestational Diabetes Mellitus", 0.86, "dense")
PLAIN = Candidate("MESH:D003920", "Diabetes Mellitus", 0.85, "dense")


def order(name: str, *candidates: Candidate, context: TextContext | None = None) -> list[str]:
    rivals = [rival(name, candidate) for candidate in candidates]
    found = RERANKER.order(rivals, context or TextContext())
    return [own.candidate.curie for own in found]


def test_words_count_against_a_name_unless_the_text_says_them() -> None:
    assert order("sugar diabetes", MOTHERS, PLAIN) == [PLAIN.curie, MOTHERS.curie]
    said = TextContext("Gestational diabetes was frequent.")
    assert order("sugar diabetes", MOTHERS, PLAIN, context=said) == [MOTHERS.curie, PLAIN.curie]


def test_what_the_text_names_and_the_kind_of_identifier_count() -> None:
    one, other = (Candidate(c, "Sugar Sickness", 0.8, "dense") for c in ("X:1", "X:2"))
    assert order("sugar illness", one, other) == ["X:1", "X:2"]
    named = TextContext("", ["X:2"])
    assert order("sugar illness", one, other, context=named) == ["X:2", "X:1"]
    general = TextContext("", ["X:3"], {"X:3": ["X:2", "X:0"]}.__getitem__)
    assert order("sugar illness", one, other, context=general) == ["X:2", "X:1"]
    rare = Candidate("MESH:C1", "Sugar Sickness", 0.8, "dense")
    assert order("sugar illness", rare, one) == ["X:1", "MESH:C1"]


def test_a_ranking_survives_its_file_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    RERANKER.write(tmp_path / RANKING_FILE)
    assert Reranker.open(tmp_path / RANKING_FILE) == RERANKER
    for damaged in ("{", "[]", '{"similarity": 1}', '{"more": 1, "kinds": {}}'):
        (tmp_path / RANKING_FILE).write_text(damaged, "utf-8")
        with pytest.raises(ConfigError, match=r"ranking\.json holds no ranking"):
            Reranker.open(tmp_path / RANKING_FILE)


def test_the_shipped_encoder_brings_a_ranking_and_others_none(tmp_path: Path) -> None:
    shipped = encoder_reranker()
    assert shipped is not None
    assert shipped.similarity > 1
    assert shipped.words < 0 < shipped.said
    assert encoder_reranker(str(tmp_path)) is None


class Near:
    """Finds two kinds of diabetes near any name."""

    def search(
        self, texts: Sequence[str], *, k: int, category: object = None
    ) -> list[list[Candidate]]:
        return [[MOTHERS, PLAIN][:k] for _ in texts]


def document(text: str, *names: str) -> AnnotatedDocument:
    mentions = tuple(
        Mention(text, text.index(name), text.index(name) + len(name), name, "Disease")
        for name in names
    )
    return AnnotatedDocument(Document(text, text), mentions=mentions)


def test_one_name_means_what_its_document_makes_likely(lexicon, schema):
    def meant(*documents: AnnotatedDocument, **options: object) -> list[str]:
        linker = Linker(
            lexicon, schema=schema, dense=Near(), thresholds={"": 0.8}, reranker=RERANKER,
            **options,
        )  # fmt: skip
        return [own[0].curie for own in linker.ground(documents)]

    plain = document("Sugar sickness is frequent.", "Sugar sickness")
    typed = document("Gestational sugar sickness is frequent.", "sugar sickness")
    assert meant(plain, typed) == meant(typed, plain)[::-1] == [PLAIN.curie, MOTHERS.curie]
    assert meant(plain, typed, without=["ranking"]) == [MOTHERS.curie, MOTHERS.curie]


def test_the_explanation_says_why_a_less_similar_name_won(lexicon, schema):
    linker = Linker(lexicon, schema=schema, dense=Near(), thresholds={"": 0.8}, reranker=RERANKER)
    found = linker.resolve("sugar sickness", "Disease")
    assert found.best == PLAIN
    assert found.note == (
        "'Gestational Diabetes Mellitus' is more similar, but has words that nothing here says: "
        "gestational"
    )
    assert linker.resolve("gestational sugar sickness", "Disease").note == ""


def test_what_is_above_something_named_is_likelier(make_lexicon, schema):
    terms = [
        Term(PLAIN.curie, PLAIN.name, "Disease"),
        Term("D:1", "Diabetes Mellitus, Type 1", "Disease", parents=("D:2",)),
        Term("D:2", "autoimmune diabetes", "Disease", parents=(PLAIN.curie, "D:1")),
    ]
    lexicon = make_lexicon(terms)
    assert lexicon.ancestors("D:1") == {"D:2", PLAIN.curie}
    assert lexicon.ancestors(PLAIN.curie) == lexicon.ancestors("X:0") == frozenset()
    reranker = Reranker(20.0, above=1.5)
    linker = Linker(lexicon, schema=schema, dense=Near(), thresholds={"": 0.8}, reranker=reranker)
    alone = document("Sugar sickness.", "Sugar sickness")
    beside = document("Type 1 diabetes mellitus is a sugar sickness.", "Type 1 diabetes mellitus",
                      "sugar sickness")  # fmt: skip
    [[first], [_, second]] = linker.ground([alone, beside])
    assert (first.curie, second.curie) == (MOTHERS.curie, PLAIN.curie)
    [(_, (_, winner), context)] = linker.rivals(beside)
    assert reranker.why(winner, rival("", MOTHERS), context) == (
        "the text names a kind of 'Diabetes Mellitus'"
    )


def test_training_sees_the_rivals_that_grounding_orders(lexicon, schema):
    linker = Linker(lexicon, schema=schema, dense=Near(), thresholds={"": 0.8})
    item = document("Aspirin helps in sugar sickness.", "sugar sickness")
    [(mention, rivals, context)] = linker.rivals(item)
    assert mention.text == "sugar sickness"
    assert [own.candidate for own in rivals] == [MOTHERS, PLAIN]
    assert rivals[0].words == {"gestational", "diabetes", "mellitus"}
    assert "aspirin" in context.words


def test_the_hierarchy_and_the_writing_of_candidates_count() -> None:
    general = rival("x", MOTHERS, under=3)
    special = rival("x", PLAIN, alike=0.9, ratio=0.8, above=frozenset({"D:0"}))
    said = TextContext("", ["D:0"])
    for reranker, context, first, why in [
        (Reranker(0.0, under=1.0), TextContext(), general, "are kinds of 'Gestational"),
        (Reranker(0.0, alike=1.0, ratio=1.0), TextContext(), special, "is written more alike"),
        (Reranker(0.0, below=1.0), said, special, ""),
    ]:
        assert reranker.order([general, special], context)[0] is first
        other = special if first is general else general
        assert why in reranker.why(first, other, context)
        assert reranker.score(first, context) > reranker.score(other, context)


def test_a_kind_is_the_first_that_an_identifier_has() -> None:
    reranker = Reranker(0.0, kinds={"MESH:D": 1.0, "OMIM:": 3.0})
    two = rival("x", Candidate("OMIM:1", "x", 0.9, "dense"), ids=("MESH:D1",))
    one = rival("x", Candidate("OMIM:2", "x", 0.9, "dense"), ids=("ORPHA:2",))
    other = rival("x", Candidate("MONDO:1", "x", 0.9, "dense"), ids=("MESH:D1",))
    scores = [reranker.score(own, TextContext()) for own in (two, one, other)]
    assert scores == [1.0, 3.0, 0.0]


def test_what_is_barred_is_ranked_but_never_taken(make_lexicon, schema):
    terms = [
        Term("D:1", "sugar sickness type 1", "Disease"),
        Term("D:2", "sweet illness", "Disease"),
    ]

    class Both:
        def search(
            self, texts: Sequence[str], *, k: int, category: object = None
        ) -> list[list[Candidate]]:
            found = [
                Candidate("D:1", "sugar sickness type 1", 0.9, "dense"),
                Candidate("D:2", "sweet illness", 0.89, "dense"),
            ]
            return [found for _ in texts]

    def meant(reranker: Reranker) -> tuple[str, str, str]:
        linker = Linker(
            make_lexicon(terms), schema=schema, dense=Both(), thresholds={"": 0.8},
            reranker=reranker,
        )  # fmt: skip
        found = linker.resolve("sugar disease", "Disease")
        return found.candidates[0].curie, found.best.curie if found.best else "", found.reason

    assert meant(Reranker(20.0, barred=-1.0)) == ("D:2", "D:2", "")
    assert meant(Reranker(20.0)) == (
        "D:1", "", "'sugar sickness type 1' is more likely, but differs in a digit or code",
    )  # fmt: skip


def test_what_is_written_alike_is_ranked_with_what_is_near(lexicon, schema):
    def names(**options: object) -> set[str]:
        linker = Linker(lexicon, schema=schema, dense=Near(), reranker=RERANKER, **options)
        [(_, rivals, _)] = linker.rivals(document("Hypertensions grow.", "Hypertensions grow"))
        assert all(own.cosine <= MOTHERS.score for own in rivals)
        return {own.candidate.method for own in rivals}

    assert names() == {"dense", "ngram"}
    assert names(without=["ngrams"]) == {"dense"}
