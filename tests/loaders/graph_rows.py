"""Rows and texts that the tests of loaders share."""

from __future__ import annotations

from typing import Any

HOSTILE = [
    'quote " and \\ backslash \\" \\u0041',
    "line\nend\r\nand\ttab",
    "\u202eright to left\u202c \u200b",
    "naïve β-catenin 漢字 🧬",
    "controls \x01\x07\x1f\x7f\x85\u2028\u2029",
    "'; DROP TABLE Gene; -- ${x} `tick` {brace} <a> & ]]>",
    " . \n<a> <b> <c> .\n",
    "x" * 100_000,
]


def entity(curie: str, name: str, category: str = "Gene", **more: Any) -> dict[str, Any]:
    return {"id": curie, "name": name, "category": category, "synonyms": [], "xrefs": [],
            "parents": [], "mentions": 1, "sentences": 1, "documents": 1} | more  # fmt: skip
