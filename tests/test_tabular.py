from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kgbuild.records import (
    Abbreviation,
    AnnotatedDocument,
    Candidate,
    Document,
    Grounding,
    Mention,
    Passage,
    Relation,
    Sentence,
)
from kgbuild.tables import SCHEMAS
from kgbuild.tabular import from_tables, to_tables

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
number = st.integers(0, 1000)
score = st.floats(0, 1)


@st.composite
def annotated(draw: st.DrawFn, id: str) -> AnnotatedDocument:
    mentions = draw(
        st.lists(
            st.builds(
                Mention, st.just(id), number, number, text, text, score, text,
                st.lists(st.tuples(number, number), max_size=2).map(tuple),
            ),
            max_size=3,
        )
    )  # fmt: skip
    ids = st.sampled_from([m.id for m in mentions]) if mentions else text
    candidates = st.lists(st.builds(Candidate, text, text, score, text), max_size=2).map(tuple)
    grounding = st.builds(Grounding, ids, text, text, text, score, text, text, candidates)
    relation = st.builds(
        Relation, st.just(id), ids, ids, text, score, number, number, text,
        st.booleans(), st.booleans(), st.none() | st.booleans(), text,
    )  # fmt: skip
    return AnnotatedDocument(
        Document(
            id, draw(text), tuple(draw(st.lists(st.builds(Passage, text, number, number, text)))),
            draw(text), draw(text), draw(st.dictionaries(text, text, max_size=2)),
        ),
        tuple(draw(st.lists(st.builds(Sentence, number, number), max_size=2))),
        tuple(draw(st.lists(st.builds(Abbreviation, text, text, number, number), max_size=2))),
        tuple(mentions),
        tuple(draw(st.lists(grounding, max_size=2))) if mentions else (),
        tuple(draw(st.lists(relation, max_size=2))) if mentions else (),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.tuples(annotated("PMID:1"), annotated("PMID:2")))
def test_stage_tables_give_back_what_they_took(
    batch: tuple[AnnotatedDocument, AnnotatedDocument],
) -> None:
    names = [n for n in SCHEMAS if n != "failures" and not n.startswith("given_")]
    assert from_tables(to_tables(batch, names)) == list(batch)


@settings(max_examples=30, deadline=None)
@given(annotated("PMID:1"))
def test_given_tables_serve_until_a_stage_has_its_own(item: AnnotatedDocument) -> None:
    names = ["documents", "sentences", "abbreviations"]
    given_names = ["given_mentions", "given_groundings", "given_relations"]
    assert from_tables(to_tables([item], [*names, *given_names])) == [item]
    own = to_tables([item.with_mentions(())], ["mentions"])
    [later] = from_tables(to_tables([item], [*names, *given_names]) | own)
    assert later.mentions == later.groundings == later.relations == ()
