"""Recognizing sequence variants by their notation: no dictionary lists them all.

rs numbers, HGVS names of DNA and protein changes (den Dunnen et al. 2016,
doi:10.1002/humu.22981) and the older ways of the literature: V600E, Val600Glu, 1138G>A, ΔF508,
IVS10+5G>A, C677T. Strains, cell lines, reagents and genes that look alike are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kgbuild.normalizer.variant_names import AMINO_ACIDS
from kgbuild.records import AnnotatedDocument, Mention

__all__ = ["VariantRecognizer"]

_THREE = "|".join(name for name in AMINO_ACIDS if name != "Stop")
_ONE = "ACDEFGHIKLMNPQRSTVWY"
_ARROW = r"\s?(?:>|-->?|→|⟶|&gt;)\s?"
_AMINO = (
    "(?:alanine|arginine|asparagine|aspartate|aspartic acid|cysteine|glutamine|glutamate"
    "|glutamic acid|glycine|histidine|isoleucine|leucine|lysine|methionine|phenylalanine"
    "|proline|serine|threonine|tryptophan|tyrosine|valine|stop)"
)
_PLACE = r"[-+*]?\d+(?:[+\-_]\d+)*"
_SURE = re.compile(
    r"(?<![^\W_])(?:"
    r"[Rr]s\s?\d{3,11}"
    r"|(?:[NX][MGPR]_\d+(?:\.\d+)?:)?[cgmnr]\.\s?\(?[-*]?\d[\w+\-*>_]*(?:\s?[ACGT]?>[ACGTU]|del[ACGT\d]*|dup[ACGT\d]*"
    r"|ins[ACGT\d]*|inv\d*|=)\)?"
    rf"|(?:[NX]P_\d+(?:\.\d+)?:)?p\.\s?\(?(?:{_THREE}|[{_ONE}])\d+(?:_(?:{_THREE}|[{_ONE}])\d+)?"
    rf"(?:{_THREE}|del|dup|ins\w+|fs|[{_ONE}X*]|=)*(?:fs(?:\*|X|Ter)?\d*)?\)?"
    rf"|(?:{_THREE})[\s-]?\(?\d+\)?\s?(?:-->|->|→|to|>|-|/)?\s?(?:{_THREE}|[Ss]top|del|fs|X)(?![a-z])"
    rf"|{_PLACE}\s?[ACGT]{{1,3}}{_ARROW}[ACGT]{{1,3}}"
    rf"|[ACGT]{{1,3}}{_ARROW}[ACGT]{{1,3}}(?=\s(?:transition|transversion|substitution|mutation))"
    rf"|{_PLACE},?\s[ACGT]/[ACGT]"
    rf"|[{_ONE}]\d{{2,4}}-?[Ss]top"
    rf"|{_AMINO}(?:\s?\([A-Za-z]{{1,3}}\))?\s(?:to|for|by|with|into|->|-->)\s(?:an?\s)?{_AMINO}"
    r"(?:\s?\([A-Za-z]{1,3}\))?(?:\s(?:substitution|change|mutation|exchange))?\s(?:at|in)\s"
    r"(?:amino[\s-]acid|codon|residue|position|amino acid position|amino-acid)\s(?:position\s)?\d+"
    r"|[CTAG][\s-]to[\s-][CTAG]\s(?:transition|transversion|substitution|mutation|change)?\s?at\s"
    r"(?:nucleotide|position|nucleotide position)?\s?[-+]?\d+"
    rf"|IVS\s?\d+\s?[+-]\s?\d+\s?[ACGT]{_ARROW}[ACGT]"
    rf"|[{_ONE}]\d{{2,5}}(?:fs(?:[X*]\d+)?|del)"
    rf"|\d+\s?(?:del|ins|dup)\s?(?:[ACGT]+|\d+\s?bp)"
    r"|[cC]?\.?\d+(?:[-_]\d+)?(?:del|ins|dup)[ACGT]*\d*"
    rf"|[ΔδD]elta[\s-]?[{_ONE}]\d{{2,4}}|Δ\s?[{_ONE}]?\d{{2,4}}(?![\d.%])"
    r")(?![^\W_])",
)
_PLAIN = re.compile(
    rf"(?<![\w.\-])(?P<ref>[{_ONE}])(?P<at>\d{{2,4}})(?P<alt>[{_ONE}X*])(?![\w])(?!-\d)"
)
_DNA_PLAIN = re.compile(r"(?<![\w.])(?:[ACGT]-?\d{2,5}[ACGT]|-?\d{3,5}\s?[ACGT]/[ACGT])(?!\w)")
_CUES = re.compile(
    r"mutat|varia|polymorphi|substitut|allel|genotyp|SNP|missense|codon|homozyg|heterozyg|carrier"
    r"|haplotyp|residue|amino acid|knock-?in|wild[- ]?type|exon|germline|somatic|p\."
    r"|resistan|amplif",
    re.IGNORECASE,
)
_NOT_AFTER = re.compile(r"\s?(?:cells?|strains?|cell lines?|mice|primers?|kit|vector|isolates?)\b")
_NEAR = 160


class VariantRecognizer:
    """Finds sequence variants.

    Notations that can hardly be anything else are always taken. Bare ones ("V600E", "C677T") need
    a word such as "mutation" or "genotype" within 160 characters, at one of their places, that
    doesn't come before "cells", "strain" and the like.

    Args:
        category: the category of what is found.
    """

    name = "variants/1"

    def __init__(self, *, category: str = "SequenceVariant") -> None:
        self.category = category

    def recognize(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Mention, ...]]:
        """Return the variants of each document, in order of start, not overlapping."""
        return [self._recognize(document) for document in batch]

    def _recognize(self, annotated: AnnotatedDocument) -> tuple[Mention, ...]:
        text = annotated.document.text
        places = {(m.start(), _end(m)): 1.0 for m in _SURE.finditer(text)}
        bare = [m.span() for p in (_PLAIN, _DNA_PLAIN) for m in p.finditer(text)]
        believed = {text[start:end] for start, end in bare if _believable(text, start, end)}
        places |= {place: 0.85 for place in bare if text[slice(*place)] in believed}
        mentions: list[Mention] = []
        for (start, end), score in sorted(places.items(), key=lambda p: (p[0][0], -p[0][1])):
            if mentions and start < mentions[-1].end:
                continue
            mentions.append(
                Mention(
                    document=annotated.document.id,
                    start=start,
                    end=end,
                    text=text[start:end],
                    category=self.category,
                    score=score,
                    extractor=self.name,
                )
            )
        return tuple(mentions)


def _end(match: re.Match[str]) -> int:
    """Leave out a closing bracket that belongs to the sentence."""
    found = match[0]
    return match.end() - (found.endswith(")") and "(" not in found)


def _believable(text: str, start: int, end: int) -> bool:
    """Tell whether the surroundings of a bare notation speak of variants."""
    if text[start] == text[end - 1] or _NOT_AFTER.match(text, end):
        return False
    return bool(_CUES.search(text[max(0, start - _NEAR) : end + _NEAR]))
