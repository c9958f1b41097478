from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.records import AnnotatedDocument, Document, Passage, Sentence
from kgbuild.text import segment, split_sentences
from kgbuild.text.sentences import MAX_SENTENCE

# "|" marks where the sentences part.
MARKED = [
    "We saw cells.| They grew.",
    "E. coli grew.| S. aureus did not.",
    "See Fig. 2 for IL-6 vs. IL-8.| It rose.",
    "Smith et al. reported it.| However, we did not.",
    "It rose by 0.5 mg (i.e. 3.2%).| Nothing else changed.",
    "The drug (see Table 1. Results) was given.| It worked.",
    "p53 binds MDM2.| p53 is a tumour suppressor.",
    "It activates NF-kappa B.| Finally, TPA was added.",
    "We used 5 mg i.v. Dexamethasone was kept.",
    "A dose of 10 mg/kg b.i.d. was given.",
    "Dr. Smith et al. (2001) agreed.| We do too.",
    "Was it effective?| Yes!| It was.",
    'He said "It works."| Then he left.',
    "Incubate for 5 min.| Cells were washed.",
    "The U.S. Food and Drug Administration agreed.",
    "It is shown in Figs. 3 and 4.| c-Myc was absent.",
    "Heading\n\n|First sentence.| Second sentence.",
    "Patients (n = 10; mean age 5.4 yr.) were seen.",
    "p < .05 was significant.| The rest was not.",
    "Approx. 10 mice were used.| All died.",
    "mRNA rose.| mRNA of IL6 fell.",
    "It fell [1].| It rose [2, 3].",
    "β-Catenin rose.| α-Synuclein fell.",
    "Compound no. 5 was active.| Compound no. 6 was not.",
]


@pytest.mark.parametrize("marked", MARKED)
def test_boundaries(marked: str) -> None:
    text = marked.replace("|", "")
    found = [text[s.start : s.end] for s in split_sentences(text)]
    assert found == [part.strip() for part in marked.split("|")]


def test_sentences_never_cross_passages() -> None:
    text = "A title without a stop And the abstract. Two sentences."
    passages = (Passage("title", 0, 22), Passage("abstract", 23, len(text)))
    found = [text[s.start : s.end] for s in split_sentences(text, passages)]
    assert found == ["A title without a stop", "And the abstract.", "Two sentences."]


def test_text_outside_passages_is_split_too() -> None:
    text = "One. Two."
    assert len(split_sentences(text, (Passage("title", 5, 9),))) == 2
    assert len(split_sentences(text, (Passage("title", 5, 900),))) == 2


@pytest.mark.parametrize("text", ["", " ", "\n\n\n", "\t"])
def test_nothing_in_nothing_out(text: str) -> None:
    assert split_sentences(text) == ()


@given(st.text(alphabet="aA.?! \n()[]é1'\"", max_size=200) | st.text(max_size=100))
def test_sentences_cover_the_text(text: str) -> None:
    sentences = split_sentences(text)
    pieces = [text[s.start : s.end] for s in sentences]
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(piece and piece == piece.strip() for piece in pieces)
    ends = [0, *(place for s in sentences for place in (s.start, s.end))]
    assert ends == sorted(ends)


@pytest.mark.parametrize(
    "unit", ["a", ".", "a. ", "(", "\n", "(ab ", ". A", ") . A", "?)", "A b c ", "x (AB) "]
)
def test_a_million_characters_take_seconds(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    start = time.process_time()
    [document] = segment([AnnotatedDocument(Document("d:1", text))])
    seconds = time.process_time() - start
    assert max((s.end - s.start for s in document.sentences), default=0) <= MAX_SENTENCE
    assert seconds < (20 if sys.gettrace() is None else 200)


def test_segment_fills_what_is_missing_and_keeps_what_is_given() -> None:
    text = "Tumor necrosis factor (TNF) rose. TNF fell."
    given_sentences = (Sentence(0, len(text)),)
    plain, kept = segment(
        [
            AnnotatedDocument(Document("d:1", text)),
            AnnotatedDocument(Document("d:2", text), sentences=given_sentences),
        ]
    )
    assert len(plain.sentences) == 2
    assert [a.short for a in plain.abbreviations] == ["TNF"]
    assert kept.sentences == given_sentences
    assert segment([]) == []


def test_no_gold_mention_of_the_corpora_is_cut(shared: Path) -> None:
    path = shared / "corpora" / "biored" / "Dev.PubTator"
    cut = mentions = 0
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        lines = block.split("\n")
        title, abstract = (line.split("|", 2)[2] for line in lines[:2])
        sentences = split_sentences(
            f"{title} {abstract}",
            (
                Passage("title", 0, len(title)),
                Passage("abstract", len(title) + 1, len(title) + 1 + len(abstract)),
            ),
        )
        for row in (line.split("\t") for line in lines[2:]):
            if len(row) > 4 and row[1].isdigit() and row[2].isdigit():
                start, end = int(row[1]), int(row[2])
                mentions += 1
                cut += not any(s.start <= start and end <= s.end for s in sentences)
    assert mentions > 3000
    assert cut == 0
