from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.normalizer.guards import difference, may_be_same

MERGE = """
noninsulin dependent diabetes = non-insulin-dependent diabetes
non-small cell lung cancer = nonsmall cell lung carcinoma
renal failure = kidney failure
heart attack = myocardial infarction
breast cancer = mammary carcinoma
high blood pressure = elevated blood pressure
stroke = cerebrovascular accident
type 2 diabetes = type II diabetes mellitus
diabetes mellitus type 1 = type 1 diabetes
IL-2 receptor = interleukin IL2 receptor
vitamin B12 deficiency = deficiency of vitamin B12
liver injury = hepatic damage
colon cancer = colonic neoplasm
gamma interferon = interferon gamma
seizures = convulsive fits
hair loss = alopecia
kidney stones = nephrolithiasis
lung cancer = pulmonary carcinoma
sickle cell anemia = sickle cell disease
Parkinson's disease = Parkinson disease
Alzheimer dementia = Alzheimer disease
stomach ulcer = gastric ulcer
low platelet count = thrombocytopenic state
lead poisoning = lead intoxication
hepatitis B infection = infection with hepatitis B virus
CD4 T cells = CD4 T lymphocytes
spinocerebellar ataxia 3 = spinocerebellar ataxia type 3
factor VIII deficiency = deficiency of factor 8
cystic fibrosis = mucoviscidosis
whooping cough = pertussis
acetylsalicylic acid = aspirin tablets
drug abuse = substance abuse
loss of hearing = hearing impairment
skin rash = cutaneous eruption
tumour of the brain = brain neoplasm
heart failure = cardiac failure
bleeding = hemorrhage
brain swelling = cerebral edema
cleft lip = harelip
muscle weakness = muscular weakness
opioid dependence = opioid addiction
fatty liver = hepatic steatosis
premature birth = preterm delivery
"""
KEEP_APART = """
non-hypertensive != hypertensive
uninfected with HIV != infection with HIV
nondiabetic nephropathy != diabetic nephropathy
not infected with HIV != HIV infection
IL-2 != IL-3
type 1 diabetes != type 2 diabetes
CYP2D6 != CYP2C9
diabetes mellitus != diabetes mellitus type 2
hepatitis B != hepatitis C
TNF-alpha != TNF-beta
interferon gamma != interferon alpha
factor VIII deficiency != factor IX deficiency
BRCA1 != BRCA2
vitamin B1 != vitamin B12
vitamin D != vitamin K
p53 != p63
CD4 T cells != CD8 T cells
spinocerebellar ataxia 1 != spinocerebellar ataxia 2
hypertension != hypotension
hyperglycemia != hypoglycemia
hyperthyroidism != hypothyroidism
tachycardia != bradycardia
acute leukemia != chronic leukemia
benign tumor != malignant tumor
chromosome 21 != chromosome 22
HER2 != HER3
5-HT1A receptor != 5-HT2A receptor
protein kinase A != protein kinase C
macrocephaly != microcephaly
left ventricle != right ventricle
upper limb != lower limb
autosomal dominant deafness != autosomal recessive deafness
dopamine agonist != dopamine antagonist
proximal weakness != distal weakness
trisomy 13 != trisomy 18
glycogen storage disease I != glycogen storage disease 1a
mucopolysaccharidosis type 1 != mucopolysaccharidosis type 2
MLH1 mutation != MSH2 mutation
collagen type I != collagen type III
stage 1 cancer != stage 3 cancer
influenza A != influenza B
hemophilia A != hemophilia B
apolipoprotein E != apolipoprotein B
caspase 3 != caspase 8
COX-1 inhibitor != COX-2 inhibitor
SARS-CoV-1 != SARS-CoV-2
alpha-synuclein != beta-synuclein
GM1 gangliosidosis != GM2 gangliosidosis
"""


def pairs(text: str, sign: str) -> list[tuple[str, str]]:
    return [tuple(line.split(f" {sign} ")) for line in text.strip().splitlines()]  # type: ignore[misc]


def test_there_are_enough_pairs():
    assert len(pairs(MERGE, "=")) >= 40
    assert len(pairs(KEEP_APART, "!=")) >= 40


@pytest.mark.parametrize(("one", "other"), pairs(MERGE, "="))
def test_similarity_may_decide(one, other):
    assert may_be_same(one, other)
    assert may_be_same(other, one)


@pytest.mark.parametrize(("one", "other"), pairs(KEEP_APART, "!="))
def test_similarity_must_not_merge(one, other):
    assert not may_be_same(one, other)
    assert not may_be_same(other, one)


@given(st.text(alphabet="ab C-", max_size=12), st.integers(0, 99), st.integers(0, 99))
def test_another_number_is_another_thing(name, one, other):
    assert may_be_same(f"{name} {one}", f"{name} {other}") == (one == other)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("diabetes type 1", "diabetes type 2", "differs in a digit or code"),
        ("non-diabetic nephropathy", "diabetic nephropathy", "is its denial"),
        ("acute hepatitis", "chronic hepatitis", "is its opposite"),
        ("renal failure", "kidney failure", ""),
    ],
)
def test_it_says_what_differs(one: str, other: str, said: str) -> None:
    assert difference(one, other) == difference(other, one) == said
