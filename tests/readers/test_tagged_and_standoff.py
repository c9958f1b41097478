from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.errors import InputError
from kgbuild.protocols import ReadItem
from kgbuild.readers import READERS, detect_format, read_documents
from kgbuild.readers.sources import read_beside, stamp_of
from kgbuild.readers.spacing import spaced
from kgbuild.records import AnnotatedDocument, Failure

IOB = """Mutations\tO
in\tO
BRCA1\tB-Gene
(\tO
breast\tB-Disease
cancer\tI-Disease
1\tI-Disease
)\tO
.\tO

IL\tB-Gene
-\tI-Gene
2\tI-Gene
rose\tO
0\tO
.\tO
5\tO
%\tO
.\tO
"""


def read(format: str, text: str | bytes, **options: object) -> list[ReadItem]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(READERS[format](**options).read(io.BytesIO(data), source="f"))


def documents(items: list[ReadItem]) -> list[AnnotatedDocument]:
    found = [item for item in items if isinstance(item, AnnotatedDocument)]
    for item in found:
        text = item.document.text
        assert all(text[m.start : m.end] == m.text for m in item.mentions)
    return found


def mentions(item: AnnotatedDocument) -> list[tuple[str, str]]:
    return [(m.text, m.category) for m in item.mentions]


def failures(items: list[ReadItem]) -> list[Failure]:
    return [item for item in items if isinstance(item, Failure)]


def test_iob_sentences_become_documents_with_guessed_spacing() -> None:
    first, second = documents(read("iob", IOB))
    assert first.document.text == "Mutations in BRCA1 (breast cancer 1)."
    assert mentions(first) == [("BRCA1", "Gene"), ("breast cancer 1", "Disease")]
    assert second.document.text == "IL-2 rose 0.5%."
    assert mentions(second) == [("IL-2", "Gene")]
    assert first.document.id.startswith("kgb.doc:") and first.document.id != second.document.id
    assert [p.kind for p in first.document.passages] == ["paragraph"]


def test_iob_spacing_by_tokens() -> None:
    _, second = documents(read("iob", IOB, spacing="tokens"))
    assert second.document.text == "IL - 2 rose 0 . 5 % ."
    assert mentions(second) == [("IL - 2", "Gene")]


def test_iob_document_marks_make_sentences_paragraphs() -> None:
    text = "-DOCSTART- 77\n\n" + IOB + "\n-DOCSTART- -X- O O\n\nTP53\tB-Gene\nbinds\tO\nDNA\tO\n"
    first, second = documents(read("iob", text, id_prefix="PMID"))
    assert first.document.id == "PMID:77"
    assert first.document.text == "Mutations in BRCA1 (breast cancer 1).\nIL-2 rose 0.5%."
    assert [m for m, _ in mentions(first)] == ["BRCA1", "breast cancer 1", "IL-2"]
    assert len(first.document.passages) == 2
    assert second.document.id.startswith("kgb.doc:") and mentions(second) == [("TP53", "Gene")]
    assert documents(read("iob", text))[0].document.id == "kgb.doc:77"


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("B-X I-X O B-X B-X", ["a b", "d", "e"]),  # IOB2
        ("I-X I-X O I-X B-X", ["a b", "d", "e"]),  # IOB1
        ("B-X E-X O S-X S-X", ["a b", "d", "e"]),  # BIOES
        ("B-X L-X O U-X U-X", ["a b", "d", "e"]),  # BILOU
        ("I-X I-Y O O O", ["a", "b"]),  # another type begins another mention
        ("B I O B O", ["a b", "d"]),  # no types
        ("O O O O O", []),
    ],
)
def test_iob_schemes(tags: str, found: list[str]) -> None:
    lines = [f"{token} {tag}" for token, tag in zip("abcde", tags.split(), strict=True)]
    [item] = documents(read("iob", "\n".join(lines)))
    assert [m.text for m in item.mentions] == found


def test_iob_tags_without_type_get_the_category_of_the_option() -> None:
    text = "IL-2\tB\nbinds\tO\nNF-kappa\tB\nB\tI\n"
    assert mentions(documents(read("iob", text))[0])[0] == ("IL-2", "Entity")
    [item] = documents(read("iob", text, category="Protein"))
    assert mentions(item) == [("IL-2", "Protein"), ("NF-kappa B", "Protein")]


def test_iob_middle_columns_are_passed_over() -> None:
    [item] = documents(read("iob", "Aspirin NNP I-NP B-Drug\nhelps VBZ I-VP O\n"))
    assert mentions(item) == [("Aspirin", "Drug")]


def test_iob_a_sentence_that_is_said_again_is_another_document() -> None:
    items = documents(read("iob", "No\tO\nBRCA1\tB-Gene\n\nNo\tO\nBRCA1\tO\n"))
    first, second = (item.document.id for item in items)
    assert second == f"{first}-2"


def test_iob_problems_cost_little() -> None:
    items = read("iob", b"Aspirin\tB-Drug\nnonsense\nheals\tverb\n\xff\tO\n\nTP53\tB-Gene\n")
    first, second = documents(items)
    assert first.document.text.startswith("Aspirin nonsense heals")
    assert mentions(first) == [("Aspirin", "Drug")] and mentions(second) == [("TP53", "Gene")]
    found = failures(items)
    assert [f.place for f in found] == ["line 2", "line 3", "line 4"]
    assert "expected a token and, last, its tag" in found[0].reason
    assert "UTF-8" in found[2].reason
    assert read("iob", "") == [] and read("iob", "\n\n") == []


def test_iob_crlf_and_odd_text() -> None:
    [item] = documents(read("iob", "β-catenin\tB-Gene\r\n🙂\tO\r\nnaïve\tO\r\n"))
    assert item.document.text == "β-catenin 🙂 naïve"
    assert mentions(item) == [("β-catenin", "Gene")]


@given(st.lists(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1), max_size=30))
def test_spacing_keeps_every_token_where_it_says(tokens: list[str]) -> None:
    for guess in (True, False):
        text, spans = spaced(tokens, guess=guess)
        assert [text[start:end] for start, end in spans] == tokens
        assert text.replace(" ", "") == "".join(tokens).replace(" ", "")


@pytest.mark.parametrize(
    ("name", "head", "format"),
    [
        ("train.tsv", IOB, "iob"),
        ("x.txt", "-DOCSTART- 12\n\nA\tO\nB\tO\n", "iob"),
        ("x.txt", "A 1\nB O\nC O\n", "text"),
        ("x.txt", "Hepatitis B\nVitamin B\n", "text"),
        ("short.iob", "Aspirin\tB-Drug\n", "iob"),
        ("x.conll", "(\tO\nA\tO\n", "iob"),
        ("x.tsv", "<\tO\n5\tO\n%\tO\n", "iob"),
        ("x.ann", "T1\tDrug 0 7\tAspirin\n", "brat"),
        ("folder/x.ann", "", "brat"),
    ],
)
def test_detection(name: str, head: str, format: str) -> None:
    assert detect_format(head.encode(), name) == format


TEXT = (
    "Aspirin treats headache.\r\nLeft and right ventricular failure: β-blockers may help, 🙂 no.\n"
)
ANN = """T1\tDrug 0 7\tAspirin
T2\tDisorder 15 23\theadache
T3\tDisorder 26 30;41 60\tLeft ventricular failure
T4\tDisorder 35 60\tright ventricular failure
T5\tDrug 62 72\tβ-blockers
T6\tTreatment 8 14\ttreats
T7\tTherapy 77 81\thelp
R1\tTREATS Arg1:T1 Arg2:T2
R2\tTREATS Arg1:T5 Arg2:T4
R3\tTREATS Arg1:T5 Arg2:E1
A1\tSpeculation R2
A2\tNegation T5
N1\tReference T1 MESH:D001241\tAspirin
N2\tReference T2 MESH:D006261\tHeadache
E1\tTherapy:T7 Theme:T5
*\tEquiv T3 T4
#1\tAnnotatorNotes T1\tsure
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "brat"
    folder.mkdir()
    (folder / "12.txt").write_bytes(TEXT.encode())
    (folder / "12.ann").write_text(ANN, "utf-8")
    (folder / "13.txt").write_text("Nothing is named here.", "utf-8")
    (folder / "13.ann").write_text("", "utf-8")
    return folder


def test_brat_reads_a_folder_of_pairs(corpus: Path) -> None:
    items = list(read_documents(corpus, id_prefix="PMID"))
    assert not failures(items)
    first, second = documents(items)
    assert (first.document.id, second.document.id) == ("PMID:12", "PMID:13")
    assert second.mentions == () and second.document.text == "Nothing is named here."
    assert first.document.text == TEXT.replace("\r", " ")
    assert ("Aspirin", "Drug") in mentions(first) and ("β-blockers", "Drug") in mentions(first)
    [pieces] = [m for m in first.mentions if m.spans]
    assert pieces.spans == ((26, 30), (41, 60))
    assert pieces.text == "Left and right ventricular failure"


def test_brat_relations_references_attributes_and_events(corpus: Path) -> None:
    first = documents(list(read_documents(corpus / "12.ann")))[0]
    assert first.document.id == "kgb.doc:12"
    text = {m.id: m.text for m in first.mentions}
    assert [(text[r.subject], text[r.object], r.hedged, r.negated) for r in first.relations] == [
        ("Aspirin", "headache", False, False),
        ("β-blockers", "right ventricular failure", True, False),
    ]
    given = {text[g.mention]: g.curie for g in first.groundings if g.curie}
    assert given == {"Aspirin": "MESH:D001241", "headache": "MESH:D006261"}
    # T6 is annotated for itself, T7 only as what says that there is an event.
    assert ("treats", "Treatment") in mentions(first)
    assert ("help", "Therapy") not in mentions(first)
    assert first.document.metadata == {"brat_events": "1", "brat_relations_of_events": "1"}


def test_brat_within_a_zip_archive(corpus: Path, tmp_path: Path) -> None:
    path = tmp_path / "brat.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("12.txt", "12.ann", "13.txt", "13.ann"):
            archive.write(corpus / name, f"corpus/{name}")
    packed, loose = (documents(list(read_documents(place))) for place in (path, corpus))
    assert [d.mentions for d in packed] == [d.mentions for d in loose]


def test_a_text_is_read_by_itself_when_it_alone_is_named(corpus: Path) -> None:
    [item] = documents(list(read_documents(corpus / "12.txt")))
    assert not item.mentions


def test_brat_problems_are_listed_with_their_places(corpus: Path) -> None:
    (corpus / "12.ann").write_text(
        "T1\tDrug 0 7\tParacetamol\nT2\tDisorder 15 23\theadache\nT3\tDrug x y\tz\nX1\tnonsense\n"
        "R1\tTREATS Arg1:T1 Arg2:T2\nT9\tDrug 900 910\tfar away\n",
        "utf-8",
    )
    items = list(read_documents(corpus / "12.ann"))
    [item] = documents(items)
    assert mentions(item) == [("headache", "Disorder")]
    reasons = {f.place: f.reason for f in failures(items)}
    assert set(reasons) == {"line 1", "line 3", "line 4", "line 5", "line 6"}
    assert "the text there is 'Aspirin'" in reasons["line 1"]
    assert "expected an annotation as brat has it" in reasons["line 3"]
    assert "found none for 'T1'" in reasons["line 5"]
    assert all(f.document == item.document.id for f in failures(items))


@pytest.mark.parametrize(
    "line",
    ["\tx", "T", "T1", "T1\tDrug", "T1\tDrug 0 7", "R1\t", "R1\tTREATS Arg1:T1", "E1\t", "A1\t",
     "N1\tx", "T1\tDrug 7 0\tx", "T1\tDrug 0 99999999999999999999\tx", "🙂", "R1\tX a:T8 b:T9"],
)  # fmt: skip
def test_brat_odd_lines_cost_themselves(corpus: Path, line: str) -> None:
    (corpus / "12.ann").write_text(f"{line}\nT5\tDisorder 15 23\theadache\n", "utf-8")
    items = list(read_documents(corpus / "12.ann"))
    [item] = documents(items)
    assert ("headache", "Disorder") in mentions(item)
    assert all("please report" not in f.reason for f in failures(items))


def test_brat_without_a_usable_text(corpus: Path) -> None:
    (corpus / "12.txt").write_bytes(b"caf\xe9 latin")
    (corpus / "13.txt").unlink()
    (corpus / "14.ann").write_text("T1\tDrug 0 7\tAspirin\n")
    (corpus / "14.txt").write_text("  \n")
    latin, absent, blank = read_documents(corpus)
    assert isinstance(latin, Failure) and "expected UTF-8" in latin.reason
    assert isinstance(absent, Failure) and "13.txt beside" in absent.reason
    assert isinstance(blank, Failure) and "white space only" in blank.reason
    with pytest.raises(InputError, match=r"a\.txt beside"):
        read_beside("a.ann", ".txt")


def test_a_change_of_the_text_changes_the_stamp_of_its_annotations(corpus: Path) -> None:
    before = stamp_of(str(corpus / "12.ann"))
    (corpus / "12.txt").write_text("Another text.")
    assert stamp_of(str(corpus / "12.ann")) != before
    assert before[1] == len(ANN.encode())


def test_a_build_takes_brat_as_one_document_each(corpus: Path, tmp_path: Path) -> None:
    from kgbuild.api import build
    from kgbuild.config import parse_config

    config = parse_config(
        "{recognizers: [{type: given}], relations: [{type: given}], stores: [],"
        " grounding: {dense: 'off'}}"
    )
    graph = build(corpus, out=tmp_path / "out", config=config)
    assert len(graph.documents) == 2
    found = graph.statements[["subject", "predicate", "object"]].values.tolist()
    assert ["MESH:D001241", "treats", "MESH:D006261"] in found


COUNTS = {
    "bc2gm/train.tsv": (12574, 15197), "bc2gm/devel.tsv": (2519, 3061),
    "anatem/devel.tsv": (None, None), "linnaeus/devel.tsv": (4078, 711),
    "jnlpba/dev.tsv": (200, 4551),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_real_corpora_keep_every_mention(name: str, shared: Path) -> None:
    path = shared / "corpora" / name
    items = list(read_documents(path))
    assert not failures(items)
    begun = sum(line.split("\t")[-1].startswith("B") for line in path.read_text().splitlines()
                if not line.startswith("-DOCSTART-"))  # fmt: skip
    assert sum(len(d.mentions) for d in documents(items)) == begun
    sentences, known = COUNTS[name]
    assert known in {None, begun} and sentences in {None, len(items)}
