"""What a chemical is called elsewhere: by its acid, without its salt, in words for a formula."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["chemical_forms", "formula_name", "one_of_group"]

_ELEMENTS = {
    "Ag": "silver", "Al": "aluminum", "As": "arsenic", "Au": "gold", "Ba": "barium",
    "Ca": "calcium", "Cd": "cadmium", "Cl": "chlorine", "Co": "cobalt", "Cr": "chromium",
    "Cs": "cesium", "Cu": "copper", "F": "fluorine", "Fe": "iron", "Hg": "mercury",
    "I": "iodine", "K": "potassium", "Li": "lithium", "Mg": "magnesium", "Mn": "manganese",
    "Na": "sodium", "Ni": "nickel", "Pb": "lead", "Pt": "platinum", "Rb": "rubidium",
    "Se": "selenium", "Sr": "strontium", "Tl": "thallium", "Zn": "zinc",
}  # fmt: skip
_FORMULAS = {
    "CCl4": "carbon tetrachloride", "CO": "carbon monoxide", "CO2": "carbon dioxide",
    "CaCl2": "calcium chloride", "H2O": "water", "H2O2": "hydrogen peroxide",
    "H2S": "hydrogen sulfide", "KCl": "potassium chloride", "MgSO4": "magnesium sulfate",
    "N2O": "nitrous oxide", "NH3": "ammonia", "NO": "nitric oxide", "NO2": "nitrogen dioxide",
    "NaCl": "sodium chloride", "NaOH": "sodium hydroxide", "O2": "oxygen", "O3": "ozone",
}  # fmt: skip
_CHARGE = re.compile(r"(?:\(\d?[+-]\)|\d?[+-]|\^\d?[+-])\Z")
_CATION = r"(?:di|mono)?(?:sodium|potassium|calcium|magnesium)"
_ANION = (
    r"(?:di)?hydrochloride|hcl|hydrobromide|maleate|mesylate|mesilate|besylate|tosylate|tartrate"
    r"|bitartrate|fumarate|succinate|citrate|sulphate|sulfate|acetate"
)
_SALT = re.compile(rf"{_CATION} (?=\w{{5}})|(?<=\w{{5}}) (?:{_CATION}|{_ANION})\Z", re.IGNORECASE)
_MINERAL = re.compile(
    rf"{_CATION}|lithium|iron|ferrous|ferric|copper|cupric|zinc|silver|barium|ammonium|lead"
    r"|strontium|nickel|cobalt|manganese|aluminum|aluminium",
    re.IGNORECASE,
)
_BASE = re.compile(r"(?<=[a-z]{3})ate\Z")


def formula_name(text: str) -> str:
    """Return the words for a formula or an element's symbol, or "".

    >>> formula_name("Ca(2+)"), formula_name("CaCl(2)"), formula_name("ca")
    ('calcium', 'calcium chloride', '')
    """
    plain = re.sub(r"\((\d+)\)", r"\1", text)
    return _FORMULAS.get(plain) or _ELEMENTS.get(_CHARGE.sub("", plain), "")


def one_of_group(text: str) -> str:
    """Return the substance that the singular of a group's name means, or "".

    >>> one_of_group("glutamate"), one_of_group("alcohol"), one_of_group("benzodiazepine")
    ('glutamic acid', 'ethanol', '')
    """
    plain = text.casefold()
    if plain == "alcohol":
        return "ethanol"
    return _BASE.sub("ic acid", plain) if _BASE.search(plain) else ""


def chemical_forms(text: str) -> Iterator[str]:
    """Yield other names of a chemical: a drug without what makes a salt of it, an anion's acid.

    >>> list(chemical_forms("sodium nitroprusside")), list(chemical_forms("valproate"))
    (['nitroprusside'], ['valproic acid'])
    >>> list(chemical_forms("copper sulfate")), list(chemical_forms("sodium valproate"))
    ([], ['valproate', 'valproic acid'])
    """
    free = _SALT.sub("", text)
    if free != text:
        if _MINERAL.fullmatch(free):
            return
        yield free
    if _BASE.search(free) and not _MINERAL.match(free):
        yield _BASE.sub("ic acid", free)
