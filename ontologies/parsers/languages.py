"""Languages as vocabularies write them, as BCP 47 tags; English, the default, is empty."""

from __future__ import annotations

__all__ = ["language_tag"]

_THREE = {
    "BAQ": "eu", "CAT": "ca", "CHI": "zh", "CZE": "cs", "DAN": "da", "DUT": "nl", "ENG": "",
    "EST": "et", "FIN": "fi", "FRE": "fr", "GER": "de", "GRE": "el", "HEB": "he", "HUN": "hu",
    "ITA": "it", "JPN": "ja", "KOR": "ko", "LAV": "lv", "NOR": "no", "POL": "pl", "POR": "pt",
    "RUS": "ru", "SCR": "hr", "SPA": "es", "SWE": "sv", "TUR": "tr", "UKR": "uk",
}  # fmt: skip


def language_tag(raw: str) -> str:
    """Return the tag of a language: "" for English, in whatever of the usual ways it is written.

    >>> language_tag("SPA"), language_tag("pt-BR"), language_tag("en-GB"), language_tag("ENG")
    ('es', 'pt-br', '', '')
    """
    tag = _THREE.get(raw.upper(), raw.lower().replace("_", "-"))
    return "" if tag.partition("-")[0] == "en" else tag
