from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.normalizer.folded import FoldedText
from kgbuild.normalizer.normal_form import normal_form, normal_key, tokens

SAME = [
    ("Neoplasms", "neoplasm"),
    ("analyses", "analysis"),
    ("metastases", "metastasis"),
    ("viruses", "virus"),
    ("biopsies", "biopsy"),
    ("rashes", "rash"),
    ("headaches", "headache"),
    ("kinases", "kinase"),
    ("proteases", "protease"),
    ("vertebrae", "vertebra"),
    ("carcinomata", "carcinomas"),
    ("TNF-α", "TNFalpha"),
    ("TNF alpha", "TNFα"),
    ("NF-κB", "NF-kappaB"),
    ("NFkappaB", "NF-kappa B"),
    ("IL-2", "IL2"),
    ("interleukin-2", "Interleukin 2"),
    ("type II diabetes", "Type 2 diabetes"),
    ("Factor VIII", "factor 8"),
    ("mucopolysaccharidosis III", "Mucopolysaccharidosis 3"),
    ("type IIIb", "type III b"),
    ("complex I", "Complex 1"),
    ("tumour", "tumor"),
    ("oesophageal", "esophageal"),
    ("haemophilia", "hemophilia"),
    ("anaemia", "anemia"),
    ("leukaemias", "leukemia"),
    ("oedema", "edema"),
    ("paediatric", "pediatric"),
    ("diarrhoea", "diarrhea"),
    ("dyspnoea", "dyspnea"),
    ("ischaemic", "ischemic"),
    ("hypoglycaemia", "hypoglycemia"),
    ("oestrogen", "estrogen"),
    ("phaeochromocytoma", "pheochromocytoma"),
    ("Alzheimer's disease", "Alzheimer disease"),
    ("Alzheimer’s", "Alzheimer"),
    ("Sjögren", "Sjogren"),
    ("Sjo\u0308gren", "Sjögren"),
    ("CO₂", "CO2"),
    ("Ca(2+)", "Ca2+"),
    ("5′-AMP", "5'-AMP"),
    ("ﬁbrosis", "fibrosis"),
    ("SSRIs", "SSRI"),
    ("non-small-cell", "non small cell"),
]
DIFFERENT = [
    ("IL-2", "IL-3"),
    ("type 1", "type 2"),
    ("type I", "type II"),
    ("CYP2D6", "CYP2C9"),
    ("AIDS", "aid"),
    ("CD4", "CD4+"),
    ("(+)-catechin", "(-)-catechin"),
    ("1,2-dichloroethane", "12-dichloroethane"),
    ("2'-deoxy", "2-deoxy"),
    ("TNF-α", "TNF-β"),
    ("MPS II", "MPS 2"),
    ("vitamin B1", "vitamin B12"),
    ("p53", "p63"),
    ("1.5", "15"),
    ("hypertension", "hypotension"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_name_have_one_key(one, other):
    assert normal_key(one) == normal_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_names_keep_different_keys(one, other):
    assert normal_key(one) != normal_key(other)


ONLY_LOOK_PLURAL = [
    "diabetes",
    "pancreas",
    "herpes",
    "virus",
    "analysis",
    "AIDS",
    "abscess",
    "lens",
]


@pytest.mark.parametrize("word", ONLY_LOOK_PLURAL)
def test_words_that_only_look_plural_stay(word):
    assert normal_key(word) == f" {word.lower()} "


def test_spans_lead_back():
    text = "  TNF-α, Alzheimer's!"
    form = normal_form(text)
    assert [text[start:end] for start, end in form.spans] == ["TNF", "α", "Alzheimer's"]
    assert form.key == " tnf alpha alzheimer "
    assert [form.key[place] for place in form.places] == [" "] * 4


@pytest.mark.parametrize("text", ["", " ", "—", "...", "\x00"])
def test_no_token_no_key(text):
    form = normal_form(text)
    assert (form.key, form.spans, form.places) == ("", [], [0])
    assert normal_key(text) == ""


@given(st.text(max_size=200))
def test_any_text_has_a_form_whose_parts_fit(text):
    form = normal_form(text)
    assert form.key == normal_key(text)
    assert len(form.places) == len(form.spans) + 1
    assert [text[start:end] for start, end in form.spans] == tokens(text)
    assert all(
        end <= start for (_, end), (start, _) in zip(form.spans, form.spans[1:], strict=False)
    )
    if form.key:
        assert form.places[-1] == len(form.key) - 1
        assert "  " not in form.key


@given(st.lists(st.sampled_from(["IL", "2", "3", "D", "6", "type", "II", "α", "cell"]), max_size=6))
def test_digits_are_never_lost(parts):
    text = " ".join(parts)
    digits = [c for c in text if c.isdigit()]
    kept = [c for c in normal_key(text) if c.isdigit()]
    romans = parts.count("II")
    assert len(digits) <= len(kept) <= len(digits) + romans


@given(
    st.lists(
        st.sampled_from(
            [
                "type",
                "II",
                "IIIb",
                "I",
                "V",
                "factor",
                "TNF-α",
                "(II)",
                "CD4+",
                "Sjögren's",
                "\n",
                "",
                "-",
                "\t",
                "naïve—x",
                "漢字",
                "ﬁx",
                "3'",
                "\u00a0",
                "x" * 90,
                "V\u00a0factor",
            ]
        ),
        max_size=12,
    )
)
def test_text_folded_by_pieces_is_text_folded_whole(words):
    text = " ".join(words)
    whole, pieces = normal_form(text), FoldedText(text)
    assert pieces.key == whole.key.encode()
    places = [len(whole.key[:place].encode()) for place in whole.places]
    for first in range(len(whole.spans)):
        for last in range(first, len(whole.spans)):
            (place,) = pieces.spans([(places[first], places[last + 1] + 1, 7)])
            assert place == (whole.spans[first][0], whole.spans[last][1], 7)
    assert pieces.spans([(places[0], places[-1] + 1, 7)], without={7}) == []
