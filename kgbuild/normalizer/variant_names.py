"""Names of sequence variants: the notations of the literature brought to one form.

Forms follow the HGVS nomenclature (den Dunnen et al. 2016, doi:10.1002/humu.22981) as far as a
name without a reference sequence can.
"""

from __future__ import annotations

import re

__all__ = ["AMINO_ACIDS", "normal_variant", "rs_number"]

AMINO_ACIDS = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E", "Gly": "G",
    "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S",
    "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Ter": "*", "Sec": "U", "Stop": "*",
}  # fmt: skip
_THREE = {name.casefold(): name for name in AMINO_ACIDS} | {"x": "Ter", "stop": "Ter"}
_ONE = {code: name for name, code in AMINO_ACIDS.items() if name != "Stop"} | {"X": "Ter"}
_RS = re.compile(r"\b(?:dbSNP:?\s*)?[rR][sS]\s?#?(\d{2,11})\b")
_PROTEIN = re.compile(
    r"\(?(?:p\.)?\(?(?P<ref>[A-Z][a-z]{2}|[A-Z])\s?-?(?P<at>\d+)\s?-?(?:to|->|→|>)?\s?"
    r"(?P<alt>[A-Z][a-z]{2,3}|[A-Z*]|del|dup|=)(?P<fs>fs\S*)?\)*\Z"
)
_CODING = re.compile(
    r"(?:c\.)?(?P<at>[-*+]?\d+(?:[+-]\d+)?)\s?(?P<ref>[ACGT])\s?(?:>|-->?|→|/)\s?(?P<alt>[ACGT])\Z"
)
_DELTA = re.compile(r"(?:Δ|delta\s?|\[?delta\]?\s?)(?P<ref>[A-Z])-?(?P<at>\d+)\Z", re.I)


def rs_number(text: str) -> str:
    """Return the dbSNP CURIE of an rs number in ``text``, or "".

    >>> rs_number("rs 113488022"), rs_number("V600E")
    ('DBSNP:rs113488022', '')
    """
    match = _RS.search(text)
    return f"DBSNP:rs{match[1]}" if match else ""


def normal_variant(text: str) -> str:
    """Return one form for the ways to write a variant, or "" where the notation is unknown.

    >>> normal_variant("Val600Glu"), normal_variant("p.V600E"), normal_variant("ΔF508")
    ('p.Val600Glu', 'p.Val600Glu', 'p.Phe508del')
    >>> normal_variant("c.35G>A"), normal_variant("35G-->A"), normal_variant("rs 123456")
    ('c.35G>A', 'c.35G>A', 'rs123456')
    """
    text = text.strip()
    if curie := rs_number(text):
        return curie.partition(":")[2]
    if match := _DELTA.match(text):
        ref = _ONE.get(match["ref"].upper(), "")
        return f"p.{ref}{match['at']}del" if ref else ""
    if match := _CODING.match(text):
        return f"c.{match['at']}{match['ref']}>{match['alt']}"
    match = _PROTEIN.match(text)
    if not match:
        return ""
    ref, alt = _residue(match["ref"]), match["alt"]
    new = alt if alt in {"del", "dup", "="} else _residue(alt)
    if not ref or not new:
        return ""
    return f"p.{ref}{match['at']}{new}{'fs' if match['fs'] else ''}"


def _residue(code: str) -> str:
    return _ONE.get(code, "") if len(code) == 1 else _THREE.get(code.casefold(), "")
