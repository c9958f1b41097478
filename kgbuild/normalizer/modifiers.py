"""Words in a mention that don't tell which one it is: its stage, its kind, who people are."""

from __future__ import annotations

import re

__all__ = ["species_name", "without_kind", "without_modifiers"]

_PLAIN = (
    "advanced", "aggressive", "asymptomatic", "bilateral", "confirmed", "early", "early-onset",
    "early-stage", "established", "extensive", "heterozygous", "high-risk", "homozygous",
    "intermittent", "intractable", "late-onset", "late-stage", "localized", "localised",
    "low-risk", "marked", "metastatic", "mild", "moderate", "newly diagnosed", "overt",
    "persistent", "profound", "progressive", "recurrent", "refractory", "relapsed", "relapsing",
    "resistant", "severe", "sporadic", "symptomatic", "transient", "treated", "unilateral",
    "unresectable", "untreated", "worsening",
)  # fmt: skip
_STATE = r"[\w./+-]+[ -](?:positive|negative|mutant|mutated|amplified|resistant|refractory)"
_STAGE = r"(?:stage|grade) (?:[IV]{1,3}|[0-4])[A-Ca-c]?"
_MODIFIER = re.compile(
    rf"(?:{'|'.join(_PLAIN)}|{_STATE}|{_STAGE})(?: or | and |, |/| )(?=\S)", re.IGNORECASE
)


def without_modifiers(text: str) -> str:
    """Return a disease's name without leading words of degree, course, stage or marker.

    What tells one disease from another (acute, chronic, congenital, primary, type 2) stays.

    >>> without_modifiers("recurrent or metastatic HER2-positive breast cancer")
    'breast cancer'
    >>> without_modifiers("stage II and stage III colorectal cancer")
    'colorectal cancer'
    >>> without_modifiers("chronic hepatitis"), without_modifiers("severe")
    ('chronic hepatitis', 'severe')
    """
    while match := _MODIFIER.match(text):
        text = text[match.end() :]
    return text


_KIND = re.compile(r"(?<=[A-Z0-9]) (?:genes?|proteins?|mRNAs?|oncogene|(?<!K )kinase)\Z")


def without_kind(text: str) -> str:
    """Return a gene's symbol without the word behind it that says what it is.

    >>> without_kind("BRAF kinase"), without_kind("BRCA1 gene")
    ('BRAF', 'BRCA1')

    A kinase of a kinase is another gene, and so is a receptor:

    >>> without_kind("MAPK kinase"), without_kind("EGF receptor")
    ('MAPK kinase', 'EGF receptor')
    """
    return _KIND.sub("", text)


_PEOPLE = frozenset(
    {
        "adult", "adults", "boy", "boys", "child", "children", "female", "females", "girl", "girls",
        "human", "humans", "infant", "infants", "inpatients", "male", "males", "man", "men",
        "newborn", "newborns", "neonate", "neonates", "outpatients", "participant",
        "participants", "patient", "patients", "people", "person", "persons", "volunteer",
        "volunteers", "woman", "women",
    }
)  # fmt: skip


def species_name(text: str) -> str:
    """Return "human" for words for people, as BioRED's annotators read them; else ``text``.

    >>> species_name("Women"), species_name("mice")
    ('human', 'mice')
    """
    return "human" if text.lower() in _PEOPLE else text
