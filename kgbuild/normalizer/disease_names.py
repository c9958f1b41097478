"""What a disease is called elsewhere: for "diabetic" and "HIV-infected" the disease."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kgbuild.normalizer.modifiers import without_modifiers

__all__ = ["disease_forms"]

_ENDINGS = (
    ("bolic", "bolism"), ("cardic", "cardia"), ("emic", "emia"), ("eptic", "epsia"),
    ("eptic", "epsis"), ("eptic", "epsy"),
    ("ergic", "ergy"), ("etic", "esia"), ("etic", "esis"), ("etic", "etes"), ("ian", "ism"),
    ("ing", "e"), ("istic", "ism"), ("itic", "itis"), ("ive", "ion"), ("lytic", "lysis"),
    ("manic", "mania"), ("matic", "ma"), ("obese", "obesity"), ("otic", "osis"),
    ("pathic", "pathy"), ("penic", "penia"), ("phrenic", "phrenia"), ("plastic", "plasia"),
    ("plegic", "plegia"), ("rrhagic", "rrhage"), ("spastic", "spasticity"), ("tonic", "tonia"),
    ("toxic", "toxicity"), ("trophic", "trophy"),
)  # fmt: skip
_STEM, _WHOLE = 2, 5  # "king" has no stem, "manic" and "obese" need none
_INFECTION = r"(?:co-?)?(?:infected|infections?)"
_INFECTED = re.compile(rf"(\S.*?)[- ]{_INFECTION}", re.IGNORECASE)
_INFECTED_WITH = re.compile(rf"{_INFECTION} with (\S.*)", re.IGNORECASE)


def disease_forms(text: str) -> Iterator[str]:
    """Yield other names of what a disease is called by; a lexicon says which of them there are.

    >>> list(disease_forms("HIV-infected")), list(disease_forms("severe anemia"))
    (['HIV infection'], ['anemia'])
    >>> "diabetes" in disease_forms("diabetic"), "psychosis" in disease_forms("psychotic")
    (True, True)
    """
    plain = without_modifiers(text)
    if plain != text:
        yield plain
    if match := _INFECTED.fullmatch(plain) or _INFECTED_WITH.fullmatch(plain):
        yield f"{match[1]} infection"
    if " " not in plain:
        for ending, noun in _ENDINGS:
            short = len(ending) < _WHOLE and len(plain) < len(ending) + _STEM
            if plain.lower().endswith(ending) and not short:
                yield plain[: -len(ending)] + noun
