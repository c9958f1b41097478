"""Other ways to say a phenotype's name: "renal cyst", "cyst of the kidney".

Ontologies of phenotypes name by a scheme ("Abnormal thumb morphology", "Calcification of falx
cerebri") where authors write a phrase ("thumb abnormalities", "calcification of the falx
cerebri"). What is rewritten is grammar and closed sets of words (organs and their adjectives,
participles and their nouns), never the findings themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["phrase_variants"]

MOST = 16
"""A name's variants, at most: names with several organs could have many more."""

_ORGANS = """
abdomen abdominal; adrenal-gland adrenal; anus anal; aorta aortic; artery arterial;
bladder vesical; bone osseous; breast mammary; cerebellum cerebellar; clavicle clavicular;
cornea corneal; cranium cranial; ear otic; esophagus esophageal; eye ocular; eye ophthalmic;
face facial; femur femoral; fibula fibular; gingiva gingival; gum gingival; heart cardiac;
hippocampus hippocampal; humerus humeral; hypothalamus hypothalamic; intestine intestinal;
joint articular; kidney renal; larynx laryngeal; lens lenticular; liver hepatic; lung pulmonary;
mandible mandibular; maxilla maxillary; meninges meningeal; mouth oral; muscle muscular;
nail ungual; nervous-system neurologic; nervous-system neurological; nose nasal; ovary ovarian;
palate palatal; pancreas pancreatic; patella patellar; pelvis pelvic; pharynx pharyngeal;
pituitary-gland pituitary; prostate prostatic; radius radial; rectum rectal; retina retinal;
rib costal; scapula scapular; skeleton skeletal; skeletal-system skeletal; skin cutaneous;
spine spinal; spleen splenic; sternum sternal; stomach gastric; testis testicular;
thorax thoracic; thymus thymic; thyroid-gland thyroid; tibia tibial; tongue lingual; tooth dental;
trachea tracheal; ulna ulnar; ureter ureteral; urethra urethral; uterus uterine; vagina vaginal;
vein venous; ventricle ventricular; vertebra vertebral
"""
_STATES = """
absent absence; aplastic aplasia; atretic atresia; atrophic atrophy; bowed bowing;
bridged bridging; broadened broadening; calcified calcification; dilated dilatation;
dilated dilation; dislocated dislocation; displaced displacement; duplicated duplication;
dysplastic dysplasia; ectopic ectopia; elongated elongation; enlarged enlargement; fused fusion;
hyperplastic hyperplasia; hypertrophic hypertrophy; hypoplastic hypoplasia; inflamed inflammation;
malformed malformation; narrowed narrowing; obstructed obstruction; shortened shortening;
sclerotic sclerosis; stenotic stenosis; swollen swelling; thickened thickening; thinned thinning
"""
_FINDING = "abnormality anomaly"
_COUNT = {"numerous": "multiple", "multiple": "numerous"}

Pairs = dict[str, tuple[str, ...]]


def _pairs(text: str) -> tuple[Pairs, Pairs]:
    """Return what each first word goes with, and each second one."""
    forward: Pairs = {}
    back: Pairs = {}
    for line in text.replace("\n", " ").split(";"):
        first, second = (word.replace("-", " ") for word in line.split())
        forward[first] = (*forward.get(first, ()), second)
        back[second] = (*back.get(second, ()), first)
    return forward, back


_ADJECTIVES, _NOUNS = _pairs(_ORGANS)
_OF_STATE, _STATE_OF = _pairs(_STATES)
_ORGAN = re.compile(rf"\b(?:{'|'.join((*_ADJECTIVES, *_NOUNS))})\b")
_OF = re.compile(r"(?P<head>[\w -]+?) of (?:the )?(?P<what>[\w' -]+)")
_ABNORMAL = (
    re.compile(r"abnormal(?:ity of)?(?: the)? (?P<what>[\w' -]+?) morphology"),
    re.compile(r"abnormality of (?:the )?(?P<what>[\w' -]+)"),
    re.compile(r"(?P<what>[\w' -]+?) (?:abnormality|anomaly)"),
)
_PREFIX = re.compile(
    r"\b(ante|infra|inter|intra|non|peri|post|pre|retro|sub|supra)(-?)(?=[a-z]{5})(?!natal)"
)
_ADJECTIVE = re.compile(r"(?:al|ar|ic|ous|ive|ed|ory|ary|id|oid|ine|otic)\Z")
_LINKED = re.compile(r"\b(?:and|or|with|without|due|to|from|by|for|than)\b|[,;:/()]")


def phrase_variants(name: str) -> Iterator[tuple[str, bool]]:
    """Yield other phrases for ``name``, in lower case, and whether they mean just the same.

    The others are looser: an anomaly need not be one of morphology.

    >>> [text for text, _ in phrase_variants("Calcification of falx cerebri")][0]
    'calcification of the falx cerebri'
    >>> ("thumb anomaly", False) in list(phrase_variants("Abnormal thumb morphology"))
    True
    >>> ("patellar dysplasia", True) in list(phrase_variants("Dysplastic patella"))
    True
    >>> ("kidney cyst", True) in list(phrase_variants("Renal cyst"))
    True
    >>> list(phrase_variants("Short stature"))
    []
    """
    lower = name.lower() if name[1:].islower() else name
    seen = {lower}
    for number, (text, same) in enumerate(_all(lower)):
        if number >= MOST:
            return
        if text not in seen:
            seen.add(text)
            yield text, same


def _all(name: str) -> Iterator[tuple[str, bool]]:
    if _LINKED.search(name):
        return
    for text in _same(name):
        yield text, True
        for other in _with_other_organ_word(text):
            yield other, True
    for pattern in _ABNORMAL:
        if match := pattern.fullmatch(name):
            yield from ((text, False) for text in _abnormal(match["what"]))
            break


def _same(name: str) -> Iterator[str]:
    first, _, rest = name.partition(" ")
    if match := _OF.fullmatch(name):
        yield from _of(match["head"], match["what"])
    if first in _COUNT and rest:
        yield f"{_COUNT[first]} {rest}"
    for noun in _OF_STATE.get(first, ()) if rest else ():
        yield from (f"{noun} of the {rest}", f"{noun} of {rest}", f"{rest} {noun}")
        for adjective in _ADJECTIVES.get(rest, ()):
            yield f"{adjective} {noun}"
    before, _, last = name.rpartition(" ")
    for participle in _STATE_OF.get(last, ()) if before else ():
        if not _ADJECTIVE.search(before):
            yield from (f"{last} of the {before}", f"{last} of {before}", f"{participle} {before}")
        for noun in _NOUNS.get(before, ()):
            yield from (f"{last} of the {noun}", f"{last} of {noun}", f"{participle} {noun}")
    yield from _with_other_organ_word(name)
    yield from _prefixes(name)


def _of(head: str, what: str) -> Iterator[str]:
    """Say "hypoplasia of the ulna" otherwise."""
    yield from (f"{head} of the {what}", f"{head} of {what}", f"{what} {head}")
    for adjective in _ADJECTIVES.get(what, ()):
        yield f"{adjective} {head}"
    for participle in _STATE_OF.get(head, ()):
        yield f"{participle} {what}"


def _with_other_organ_word(name: str) -> Iterator[str]:
    """Replace an organ before a noun by its adjective, or the reverse."""
    for match in _ORGAN.finditer(name):
        before, word, after = name[: match.start()], match[0], name[match.end() :]
        if not after.startswith(" ") or before.endswith((" of ", " the ")):
            continue
        for other in (*_ADJECTIVES.get(word, ()), *_NOUNS.get(word, ())):
            yield f"{before}{other}{after}"


def _abnormal(what: str) -> Iterator[str]:
    whole = (what, *_NOUNS.get(what, ()))
    for noun in _FINDING.split():
        for one in (*whole, *_ADJECTIVES.get(what, ())):
            yield f"{one} {noun}"
        yield from (f"{noun} of the {one}" for one in whole if not _ADJECTIVE.search(one))
    if not _ADJECTIVE.search(what):
        yield f"abnormal {what}"


def _prefixes(name: str) -> Iterator[str]:
    """Write "preauricular" with a hyphen, and "pre-auricular" without."""
    if match := _PREFIX.search(name):
        gap = "" if match[2] else "-"
        yield f"{name[: match.end(1)]}{gap}{name[match.end() :]}"
