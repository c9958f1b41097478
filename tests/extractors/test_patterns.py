from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked_text import document

from kgbuild.errors import ConfigError
from kgbuild.extractors.patterns import PatternExtractor
from kgbuild.ontologies.schema import Schema

SCHEMA = Schema.load()
EXTRACTOR = PatternExtractor(schema=SCHEMA)


def relations(marked: str, extractor: PatternExtractor = EXTRACTOR) -> set[str]:
    """Return ``subject predicate object`` with ``not`` and ``maybe`` in front."""
    doc = document(marked)
    text = {mention.id: mention.text for mention in doc.mentions}
    [found] = extractor.extract([doc])
    return {
        f"{'not ' if r.negated else ''}{'maybe ' if r.hedged else ''}"
        f"{text[r.subject]} {r.predicate} {text[r.object]}"
        for r in found
    }


CONTRARY = [
    # an inverse association predisposes to nothing
    (
        "[CASP8|G] D302H is inversely associated with risk of [breast cancer|D].",
        {"CASP8 negatively_correlated_with breast cancer"},
    ),
    # nothing is known, or nothing was found
    (
        "The effect of [rs1052133|V] polymorphism in [lung cancer|D] remains unclear.",
        {"maybe rs1052133 associated_with lung cancer"},
    ),
    (
        "The role of [OGG1|G] in [lung cancer|D] is poorly understood.",
        {"maybe OGG1 associated_with lung cancer"},
    ),
    (
        "The association of [OGG1|G] with [lung cancer|D] is still debated.",
        {"maybe OGG1 associated_with lung cancer"},
    ),
    (
        "The link between [OGG1|G] and [lung cancer|D] remains to be established.",
        {"maybe OGG1 associated_with lung cancer"},
    ),
    (
        "There is no evidence that [OGG1|G] is associated with [lung cancer|D].",
        {"not OGG1 associated_with lung cancer"},
    ),
    # what is raised, driven or caused is what the last noun says
    ("[Glucose|C]-stimulated [proinsulin|G] conversion was normal.", set()),
    ("[Meis2|G] drives [prostate cancer|D] castration resistance.", set()),
    ("[MYC|G] drives [lymphoma|D] progression.", set()),
    ("[MYC|G] drives [lymphoma|D] in patients.", {"MYC causes lymphoma"}),
    ("[Haloperidol|C]-induced [catalepsy|D] model.", {"Haloperidol causes catalepsy"}),
    ("[Nephropathy|D] due to [cisplatin|C] treatment.", {"cisplatin causes Nephropathy"}),
    # going together is not causing
    ("[Clozapine|C] associated with [colitis|D] stays.", {"Clozapine associated_with colitis"}),
    ("[Clozapine|C] was associated with [colitis|D].", {"Clozapine associated_with colitis"}),
]


@pytest.mark.parametrize(("marked", "expected"), CONTRARY)
def test_a_statement_is_not_contrary_to_its_sentence(marked, expected):
    assert relations(marked) == expected


AFFIRMED = [
    # active voice
    ("[Metformin|C] treats [type 2 diabetes|D].", {"Metformin treats type 2 diabetes"}),
    ("[Ibuprofen|C] relieves [headache|P].", {"Ibuprofen treats headache"}),
    ("[Aspirin|C] irreversibly inhibits [PTGS1|G].", {"Aspirin inhibits PTGS1"}),
    ("[Cisplatin|C] caused severe [nausea|P].", {"Cisplatin causes nausea"}),
    ("[Warfarin|C] prevents [stroke|D] in the elderly.", {"Warfarin prevents stroke"}),
    ("[Forskolin|C] activates [adenylate cyclase|G].", {"Forskolin activates adenylate cyclase"}),
    ("[Rifampicin|C] increased the expression of [CYP3A4|G].", {"Rifampicin increases CYP3A4"}),
    ("[Dexamethasone|C] reduced [IL6|G] levels.", {"Dexamethasone decreases IL6"}),
    ("[MDM2|G] binds to [TP53|G].", {"MDM2 binds TP53"}),
    ("[Smoke tar|C] leads to [lung cancer|D].", {"Smoke tar causes lung cancer"}),
    ("[TGFB1|G] promotes [fibrosis|D].", {"TGFB1 increases fibrosis"}),
    ("[Curcumin|C] was found to inhibit [NFKB1|G].", {"Curcumin inhibits NFKB1"}),
    # passive voice
    ("[Malaria|D] is treated with [artesunate|C].", {"artesunate treats Malaria"}),
    ("[CYP2D6|G] is inhibited by [quinidine|C].", {"quinidine inhibits CYP2D6"}),
    ("[Fos|G] was strongly induced by [kainate|C].", {"kainate increases Fos"}),
    ("[Hepatitis|D] was caused by [isoniazid|C].", {"isoniazid causes Hepatitis"}),
    ("[EGFR|G] was activated by [EGF|G].", {"EGF activates EGFR"}),
    ("[Gout|D] can be prevented by [allopurinol|C].", {"allopurinol prevents Gout"}),
    (
        "[Cystic fibrosis|D] is caused by mutations in [CFTR|G].",
        {"CFTR causes Cystic fibrosis"},
    ),
    # nominal triggers
    (
        "Treatment of [psoriasis|D] with [methotrexate|C] is established.",
        {"methotrexate treats psoriasis"},
    ),
    ("Inhibition of [ACE|G] by [captopril|C] lasts.", {"captopril inhibits ACE"}),
    ("Activation of [STAT3|G] by [IL6|G] is rapid.", {"IL6 activates STAT3"}),
    ("[Imatinib|C], an inhibitor of [ABL1|G], was given.", {"Imatinib inhibits ABL1"}),
    ("The [ACE|G] inhibitor [captopril|C] was given.", {"captopril inhibits ACE"}),
    ("[Sildenafil|C] is a potent [PDE5A|G] inhibitor.", {"Sildenafil inhibits PDE5A"}),
    ("We report [hepatitis|D] due to [isoniazid|C].", {"isoniazid causes hepatitis"}),
    ("[Asthma|D] following [aspirin|C] ingestion.", {"aspirin causes Asthma"}),
    (
        "The binding of [insulin|G] to [INSR|G] was measured.",
        {"insulin binds INSR"},
    ),
    # compounds
    ("[Heparin|C]-induced [thrombocytopenia|D] is rare.", {"Heparin causes thrombocytopenia"}),
    ("[Statin|C]-associated [myopathy|D] occurs.", {"Statin causes myopathy"}),
    ("[LPS|C]-induced [TNF|G] release peaked early.", {"LPS increases TNF"}),
    # coordination
    (
        "[Aspirin|C], [ibuprofen|C] and [naproxen|C] inhibit [PTGS1|G] and [PTGS2|G].",
        {
            f"{drug} inhibits {gene}"
            for drug in ("Aspirin", "ibuprofen", "naproxen")
            for gene in ("PTGS1", "PTGS2")
        },
    ),
    (
        "[Nausea|P], [vomiting|P], and [fever|P] were caused by [amphotericin|C].",
        {f"amphotericin causes {what}" for what in ("Nausea", "vomiting", "fever")},
    ),
    (
        "[Leptin|G] increased [POMC|G] and decreased [NPY|G].",
        {"Leptin increases POMC", "Leptin decreases NPY"},
    ),
    ("[Vemurafenib|C] binds and inhibits [BRAF|G].",
     {"Vemurafenib inhibits BRAF", "Vemurafenib binds BRAF"}),
    # apposition and abbreviations in brackets
    (
        "[Tumor necrosis factor|G] ([TNF|G]) activates [NFKB1|G].",
        {"Tumor necrosis factor activates NFKB1"},
    ),
    ("[Propranolol|C] (40 mg daily) reduced [tremor|P].", {"Propranolol decreases tremor"}),
    ("[Gefitinib|C], a quinazoline, inhibits [EGFR|G].", {"Gefitinib inhibits EGFR"}),
    # genes, variants, places, phenotypes
    ("Mutations in [FBN1|G] cause [Marfan syndrome|D].", {"FBN1 causes Marfan syndrome"}),
    (
        "[APOE|G] is associated with [Alzheimer disease|D].",
        {"APOE associated_with Alzheimer disease"},
    ),
    ("[rs429358|V] increases the risk of [Alzheimer disease|D].",
     {"rs429358 predisposes_to Alzheimer disease"}),
    ("[HBB|G] deficiency causes [anemia|D].", {"HBB causes anemia"}),
    ("[ALB|G] is expressed in the [liver|A].", {"ALB expressed_in liver"}),
    ("[MCF-7|L] cells express [ESR1|G].", {"ESR1 expressed_in MCF-7"}),
    ("Expression of [INS|G] in the [pancreas|A] fell.", {"INS expressed_in pancreas"}),
    (
        "[Marfan syndrome|D] is characterized by [tall stature|P].",
        {"Marfan syndrome has_phenotype tall stature"},
    ),
    ("The [V600E|V] mutation in [BRAF|G] was found.", {"BRAF has_variant V600E"}),
    ("[Codeine|C] is metabolized to [morphine|C].", {"Codeine converts_to morphine"}),
    (
        "[Lopinavir|C] in combination with [ritonavir|C] was given.",
        {"Lopinavir combined_with ritonavir"},
    ),
]  # fmt: skip
AFFIRMED += [
    ("[Helicobacter pylori|O] causes [gastritis|D].", {"Helicobacter pylori causes gastritis"}),
    ("[CYP2C9|G], an enzyme that is expressed in the [liver|A], was seen.",
     {"CYP2C9 expressed_in liver"}),
    ("[Baricitinib|C], which inhibits [JAK1|G] and [JAK2|G], was given.",
     {"Baricitinib inhibits JAK1", "Baricitinib inhibits JAK2"}),
    ("[Atorvastatin|C] reduces the risk of [stroke|D].", {"Atorvastatin prevents stroke"}),
    ("[Gout|D] can be prevented by [allopurinol|C] and by [febuxostat|C].",
     {"allopurinol prevents Gout", "febuxostat prevents Gout"}),
    ("Loss of [SCN5A|G] leads to [Brugada syndrome|D].",
     {"SCN5A causes Brugada syndrome"}),
    ("[Tuberculosis|D] presents with [cough|P] and [fever|P].",
     {"Tuberculosis has_phenotype cough", "Tuberculosis has_phenotype fever"}),
    ("[Rifampicin|C] decreases the effect of [warfarin|C].",
     {"Rifampicin interacts_with warfarin"}),
    ("Rarely, [simvastatin|C] causes [myopathy|D].", {"simvastatin causes myopathy"}),
    ("[Cetuximab|C] inhibits [EGFR|G] but is not effective in dogs.",
     {"Cetuximab inhibits EGFR"}),
]  # fmt: skip
NEGATED = [
    ("[Aspirin|C] did not inhibit [LIPC|G].", {"not Aspirin inhibits LIPC"}),
    ("[Vitamin C|C] does not prevent [colds|D].", {"not Vitamin C prevents colds"}),
    ("[Placebol|C] failed to reduce [pain|P].", {"not Placebol decreases pain"}),
    (
        "There was no association between [ACE|G] and [asthma|D].",
        {"not ACE associated_with asthma"},
    ),
    ("[CCR5|G] was not associated with [lupus|D].", {"not CCR5 associated_with lupus"}),
    (
        "[MTHFR|G] [C677T|V] was not associated with [thrombosis|D].",
        {"MTHFR has_variant C677T", "not C677T associated_with thrombosis"},
    ),
    (
        "Neither [zinc|C] nor [copper|C] inhibited [SOD1|G].",
        {"not zinc inhibits SOD1", "not copper inhibits SOD1"},
    ),
    ("[Losartan|C] caused no [cough|P].", {"not Losartan causes cough"}),
    ("[TP53|G] was never activated by [zinc|C].", {"not zinc activates TP53"}),
    (
        "Lack of association between [ACE|G] and [asthma|D] was seen.",
        {"not ACE associated_with asthma"},
    ),
    ("[Heparin|C]-induced [bleeding|P] was not observed.", {"not Heparin causes bleeding"}),
]
HEDGED = [
    ("[Caffeine|C] may cause [insomnia|P].", {"maybe Caffeine causes insomnia"}),
    ("These data suggest that [zinc|C] inhibits [SOD1|G].", {"maybe zinc inhibits SOD1"}),
    (
        "We investigated whether [vitamin D|C] prevents [falls|P].",
        {"maybe vitamin D prevents falls"},
    ),
    ("[Zinc|C] appears to activate [GPR39|G].", {"maybe Zinc activates GPR39"}),
    ("Does [paracetamol|C] cause [asthma|D]?", {"maybe paracetamol causes asthma"}),
    ("[Zinc|C] might not inhibit [SOD1|G].", {"not maybe Zinc inhibits SOD1"}),
    (
        "It is possible that [APOE|G] is associated with [glaucoma|D].",
        {"maybe APOE associated_with glaucoma"},
    ),
]
NOTHING = [
    "[Aspirin|C] and [ibuprofen|C] were given to patients, who had [gout|D] and [fever|P].",
    "[PTGS2|G] was increased in [TNF|G] mice.",
    "Patients had [asthma|D]; [albuterol|C] was measured in plasma.",
    "[EGFR|G] inhibitors reduce [AKT1|G] phosphorylation.",
    "[MYC|G] knockdown reduced [CCND1|G].",
    "Loss of [PTEN|G] increased [AKT1|G].",
    "[Aspirin|C] inhibits platelets, whereas [gout|D] is frequent.",
    "Serum [glucose|C] and [insulin|G] were measured.",
    "[Aspirin|C] was given. [Fever|P] was reduced.",
    "[Naloxone|C] reversed [clonidine|C]-induced effects.",
]


@pytest.mark.parametrize(("marked", "expected"), AFFIRMED + NEGATED + HEDGED)
def test_what_a_sentence_says(marked: str, expected: set[str]) -> None:
    assert relations(marked) == expected


@pytest.mark.parametrize("marked", NOTHING)
def test_what_a_sentence_does_not_say(marked: str) -> None:
    assert relations(marked) == set()


def test_negation_stays_in_its_clause() -> None:
    found = relations("[Zinc|C] did not inhibit [SOD1|G] but it activated [GPR39|G].")
    assert "not Zinc inhibits SOD1" in found
    assert not any(text.startswith("not") and "GPR39" in text for text in found)


def test_not_only_is_no_negation() -> None:
    assert relations("[Zinc|C] not only inhibits [SOD1|G].") == {"Zinc inhibits SOD1"}


def test_words_inside_a_mention_are_no_cues() -> None:
    found = relations("[Gefitinib|C] treats [non-small cell lung cancer|D].")
    assert found == {"Gefitinib treats non-small cell lung cancer"}


def test_trigger_span_and_provenance() -> None:
    doc = document("It rained. [Aspirin|C] (100 mg) strongly inhibits [PTGS1|G] in vivo.")
    [[relation]] = EXTRACTOR.extract([doc])
    sentence = doc.sentences[1]
    assert relation.trigger == "inhibits"
    assert (relation.start, relation.end) == (sentence.start, sentence.end)
    assert relation.extractor == EXTRACTOR.name == "patterns/biomedical-1"
    assert 0 < relation.score <= 1


def test_mentions_of_one_entity_are_not_related() -> None:
    marked = "[Interleukin 6|G=HGNC:6018] binds [IL6|G=HGNC:6018]."
    assert relations(marked) == set()
    assert relations(marked.replace("IL6|G=HGNC:6018", "IL6R|G=HGNC:6019")) != set()


def test_kinds_of_a_category_count_as_it() -> None:
    doc = document("[Aspirin|X] inhibits [PTGS1|Y].", categories={"X": "Drug", "Y": "Protein"})
    [[relation]] = EXTRACTOR.extract([doc])
    assert relation.predicate == "inhibits"


def test_a_category_that_the_schema_does_not_know_is_related_to_nothing() -> None:
    doc = document("[Aspirin|X] inhibits [PTGS1|G].", categories={"X": "Spaceship"})
    assert EXTRACTOR.extract([doc]) == [()]


@pytest.mark.parametrize(
    "marked",
    [
        "A versatile [serine|C] and [cysteine|C] [hydrolase|G] inhibitor was used.",
        "A man with a history of [tuberculosis|D] presented with [coma|P].",
    ],
)
def test_what_the_main_job_got_wrong(marked: str) -> None:
    assert relations(marked) == set()


@pytest.mark.parametrize("sign", ["\uf0b7", "\ue000", "\uf8ff"])
def test_private_characters_of_the_text_are_no_mentions(sign: str) -> None:
    text = f"[Aspirin|C] ({sign}) prevents [stroke|D]. [Metformin|C] treats [obesity|D]."
    assert relations(text) == {"Aspirin prevents stroke", "Metformin treats obesity"}


def test_empty_input() -> None:
    assert EXTRACTOR.extract([]) == []
    assert EXTRACTOR.extract([document("")]) == [()]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["[zinc|C]", "[gout|D]", "[TP53|G]", "[TP53|G=HGNC:1]", "inhibits", "(", ")", ",", ".",
             "not", "İ", "-", "\n", "induced", "treatment of", "with", "and", "ß", "by", "may"]
        ),
        max_size=25,
    )
)  # fmt: skip
def test_any_order_of_words_gives_valid_relations(words: list[str]) -> None:
    doc = document(" ".join(words))
    [found] = EXTRACTOR.extract([doc])
    mentions = {mention.id: mention for mention in doc.mentions}
    for relation in found:
        assert relation.trigger in doc.document.text
        for end in (relation.subject, relation.object):
            assert relation.start <= mentions[end].start < mentions[end].end <= relation.end
    assert len({relation.id for relation in found}) == len(found)


COMPUTING = """
name: kitchen
patterns:
  - {name: eats, predicate: affects, subject: [OrganismTaxon], object: [ChemicalEntity],
     verbs: [eat], phrases: ["{object} (eaten by) ...2 {subject}"]}
constructions:
  active: ["{subject} ...2 <verbs:s> ...2 {object}"]
"""


def test_patterns_of_a_user(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(COMPUTING)
    mine = PatternExtractor(schema=SCHEMA, patterns=path)
    assert mine.name == "patterns/kitchen-1"
    assert relations("The [mouse|O] eats some [sugar|C].", mine) == {"mouse affects sugar"}
    assert relations("[Sugar|C] eaten by the [mouse|O].", mine) == {"mouse affects Sugar"}


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("predicate: affects", "predicate: affect", "'eats'.*'affect' is no pred.*mean 'affects'"),
        ("[OrganismTaxon]", "[Organism]", "'eats'.*'Organism' is no category.*OrganismTaxon"),
        ("verbs:", "verb:", "pattern 'eats', key 'verb'.*did you mean 'verbs'"),
        ("(eaten by) ...2 {subject}", "(eaten by) ...2", "pattern 'eats'.*exactly one {subject}"),
        ("<verbs:s>", "<verbs:x>", "pattern 'eats'.*no form 'x'"),
        ("name: eats, ", "", "pattern number 1, key 'name'.*required"),
        ("verbs: [eat]", "verbs: [null]", "pattern 'eats'.*quotes"),
        ("verbs: [eat]", "without: [actve]", "'eats'.*no construction.*mean 'active'"),
        ("patterns:", "pattern:", "pattern"),
        ("kitchen", "[", "no valid YAML"),
        ("verbs: [eat]", "confidence: 1.5", r"confidence must lie in \[0, 1\]"),
    ],
)  # fmt: skip
def test_a_bad_file_is_explained(tmp_path: Path, old: str, new: str, wanted: str) -> None:
    path = tmp_path / "mine.yaml"
    assert old in COMPUTING
    path.write_text(COMPUTING.replace(old, new))
    with pytest.raises(ConfigError, match=f"(?s)mine.yaml.*{wanted}"):
        PatternExtractor(schema=SCHEMA, patterns=path)


def test_an_absent_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: a patterns file can't be read"):
        PatternExtractor(schema=SCHEMA, patterns=tmp_path / "none.yaml")


def test_long_lists_that_lead_nowhere_take_no_time() -> None:
    genes = ", ".join(f"[GENE{i}|G]" for i in range(300))
    doc = document(f"Association between {genes} and mutations in {genes} was sought in mice.")
    EXTRACTOR.extract([document("Association between [A1|G] and mutations in mice.")])
    start = time.process_time()
    EXTRACTOR.extract([doc])
    assert time.process_time() - start < 10
