"""How one word is folded: spelling, number and script; never its digits or short codes."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["GREEK", "ROMAN", "fold_token", "roman_number", "singular", "word_set"]


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text that lists them."""
    return frozenset(text.split())


PRIMES = frozenset("'′’‘ʹ")

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon",
    "ζ": "zeta", "η": "eta", "θ": "theta", "ϑ": "theta", "ι": "iota", "κ": "kappa", "ϰ": "kappa",
    "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "ο": "omicron", "π": "pi",
    "ρ": "rho", "σ": "sigma", "ς": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "ϕ": "phi",
    "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip

_NUMERALS = (
    "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX "
    "XXI XXII XXIII XXIV XXV"
)
ROMAN = {numeral: str(value) for value, numeral in enumerate(_NUMERALS.split(), start=1)}
_ROMAN_LETTER = re.compile(r"(X{0,2}(?:IX|IV|V?I{0,3}))([A-Ea-e])\Z")

# British (and older) spellings, as pieces of words; the American form is the key's.
_SPELLING = {
    "oesoph": "esoph", "haem": "hem", "anaem": "anem", "kaem": "kem", "caem": "cem",
    "aemi": "emi", "raem": "rem", "oedem": "edem", "paed": "ped", "oestr": "estr", "foet": "fet",
    "gynaec": "gynec", "caec": "cec", "faec": "fec", "faeces": "feces", "rrhoe": "rrhe",
    "pnoea": "pnea", "tumour": "tumor", "colour": "color", "behaviour": "behavior",
    "humour": "humor", "labour": "labor", "odour": "odor", "vapour": "vapor", "fibre": "fiber",
    "centre": "center", "litre": "liter", "titre": "titer", "anaesth": "anesth",
    "aesthes": "esthes", "aetiol": "etiol", "caesar": "cesar", "coeliac": "celiac",
    "sulph": "sulf", "aluminium": "aluminum", "caesium": "cesium", "leucocyt": "leukocyt",
    "leucopen": "leukopen", "leucodystroph": "leukodystroph", "leucoencephal": "leukoencephal",
    "programme": "program", "phaeochrom": "pheochrom", "palaeo": "paleo", "naev": "nev",
    "signalling": "signaling", "labelled": "labeled", "labelling": "labeling",
    "modelling": "modeling", "chaem": "chem", "goitre": "goiter", "manoeuv": "maneuv",
    "isation": "ization", "neurone": "neuron", "defence": "defense", "foetal": "fetal",
    "homoeo": "homeo", "diarrhoea": "diarrhea", "perinaeum": "perineum", "caemia": "cemia",
    "judgement": "judgment", "ageing": "aging", "draught": "draft", "plough": "plow",
}  # fmt: skip
_SPELLING_PATTERN = re.compile("|".join(sorted(_SPELLING, key=len, reverse=True)))

_UNCHANGED = word_set(
    """
    diabetes herpes rabies scabies caries species series feces faeces ascites rickets measles mumps
    shingles hives biceps triceps quadriceps forceps pancreas gas bias atlas canvas lens aedes
    anopheles albicans elegans sapiens pityriasis graves stevens williams james charles jones
    hodgkins menses pubes trismus tabes facies mellitus texas always perhaps whereas bends
    nits lues nigricans verrucous sometimes besides besides aids news physics kinetics genetics
    genomics proteomics statistics mathematics obstetrics pediatrics ethics robotics semantics
    dynamics mechanics therapeutics diagnostics sebaceous cutis appendices
    """
)
_IRREGULAR = {
    "mice": "mouse", "lice": "louse", "teeth": "tooth", "feet": "foot", "women": "woman",
    "men": "man", "children": "child", "vertebrae": "vertebra", "bursae": "bursa",
    "larvae": "larva", "fistulae": "fistula", "bullae": "bulla", "petechiae": "petechia",
    "sequelae": "sequela", "striae": "stria", "nuclei": "nucleus", "fungi": "fungus",
    "bacilli": "bacillus", "thrombi": "thrombus", "emboli": "embolus", "calculi": "calculus",
    "loci": "locus", "alveoli": "alveolus", "nevi": "nevus", "glomeruli": "glomerulus",
    "villi": "villus", "bronchi": "bronchus", "stimuli": "stimulus", "bacteria": "bacterium",
    "mitochondria": "mitochondrion", "septa": "septum", "ova": "ovum", "diverticula":
    "diverticulum", "ganglia": "ganglion", "phenomena": "phenomenon", "crises": "crisis",
    "bases": "base", "axes": "axis", "testes": "testis", "helices": "helix",
    "cortices": "cortex", "indices": "index", "matrices": "matrix", "vertices": "vertex",
    "varices": "varix", "cervices": "cervix", "apices": "apex", "viscera": "viscus",
    "metastases": "metastasis", "genera": "genus", "aches": "ache", "doses": "dose",
    "noses": "nose", "roses": "rose", "purposes": "purpose", "causes": "cause", "uses": "use",
    "spouses": "spouse", "houses": "house", "abuses": "abuse", "pauses": "pause",
    "bruises": "bruise", "lenses": "lens", "gases": "gas", "biases": "bias", "leaves": "leaf",
    "lives": "life", "halves": "half", "knives": "knife", "calves": "calf", "wolves": "wolf",
    "toes": "toe", "shoes": "shoe",
}  # fmt: skip


def singular(word: str) -> str:
    """Return the singular of a lower-case English or Latin plural, else the word itself.

    Words of up to three letters, those that only look plural ("diabetes", "pancreas") and those in
    -ss, -us and -is stay as they are.

    >>> [singular(w) for w in ("diseases", "analyses", "rashes", "biopsies", "diabetes", "virus")]
    ['disease', 'analysis', 'rash', 'biopsy', 'diabetes', 'virus']
    """
    if len(word) <= 3 or word in _UNCHANGED:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("omata"):
        return word[:-2]
    if not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    return _without_s(word)


def _without_s(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 5 else word[:-1]
    if word.endswith(("yses", "eses", "stases", "oses")) and not word.endswith(
        ("glucoses", "cheeses", "lactoses", "loses", "diagnoseds")
    ):
        return word[:-2] + "is"
    if word.endswith("uses") and not word.endswith(("ouses", "auses", "fuses", "xcuses")):
        return word[:-2]
    if word.endswith(("sses", "xes", "shes", "zzes")):
        return word[:-2]
    if word.endswith("ches") and not word.endswith(("aches", "yches")):
        return word[:-2]
    return word[:-1]


def roman_number(token: str) -> str:
    """Return the Arabic form of a Roman numeral up to XXV, with a letter set apart, or "".

    >>> roman_number("II"), roman_number("IIIb"), roman_number("mix")
    ('2', '3 b', '')
    """
    upper = token.upper()
    if upper in ROMAN:
        return ROMAN[upper]
    if (match := _ROMAN_LETTER.match(token)) and match[1] in ROMAN:
        return f"{ROMAN[match[1]]} {match[2].lower()}"
    return ""


def _without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c) and not c.isspace())


def fold_token(token: str) -> str:
    """Return the key's form of one token (a run of letters, or of digits, or a sign).

    Case, diacritics, possessive and plural endings and British spelling go; digits and codes
    stay as they are.

    >>> [fold_token(t) for t in ("Tumours", "Sjögren's", "β", "AIDS", "SSRIs", "IL")]
    ['tumor', 'sjogren', 'beta', 'aids', 'ssri', 'il']
    """
    if token[0] == "(":
        return token[1].replace("−", "-")
    if token in PRIMES:
        return "'"
    if len(token) > 2 and token[-2] in "'’" and token[-1] in "sS":
        return fold_token(token[:-2])
    return _fold_word(token)


def _fold_word(token: str) -> str:
    folded = token.casefold() if token.isascii() else _without_marks(token).casefold()
    if folded in GREEK:
        return GREEK[folded]
    if len(folded) <= 3 or folded.isdigit() or (token.isupper() and len(token) < 8):
        return folded or token
    if token.endswith("s") and token[:-1].isupper():
        return folded[:-1]
    return singular(_SPELLING_PATTERN.sub(lambda m: _SPELLING[m[0]], folded))
