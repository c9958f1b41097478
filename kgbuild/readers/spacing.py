"""Text out of tokens: where white space was lost, what most likely stood between them."""

from __future__ import annotations

from collections.abc import Sequence

from kgbuild.records import Span

__all__ = ["spaced"]

_QUOTE = '"'
_NONE_BEFORE = frozenset(",.;:)]}%?!’'″′°")
_NONE_AFTER = frozenset("([{‘")
_NONE_AROUND = frozenset("-/‐‑_")


def spaced(tokens: Sequence[str], *, guess: bool) -> tuple[str, list[Span]]:
    """Return the text of ``tokens`` and the place of each in it.

    With ``guess``, none is put before closing and after opening punctuation, around hyphens and
    slashes, and within numbers; between all others, and without ``guess``, a space.

    >>> spaced("BRCA1 ( IL - 2 ) , 0 . 5 %".split(), guess=True)[0]
    'BRCA1 (IL-2), 0.5%'
    """
    parts: list[str] = []
    spans: list[Span] = []
    length = 0
    quoted = False
    for index, token in enumerate(tokens):
        gap = index > 0 and not (guess and _is_glued(tokens, index, quoted))
        quoted ^= token == _QUOTE
        if gap:
            parts.append(" ")
            length += 1
        parts.append(token)
        spans.append((length, length + len(token)))
        length += len(token)
    return "".join(parts), spans


def _is_glued(tokens: Sequence[str], index: int, quoted: bool) -> bool:
    """Tell whether nothing stood between a token and the one before; ``quoted`` by ``"``."""
    before, after = tokens[index - 1], tokens[index]
    if _QUOTE in {before, after}:
        return quoted
    if after in _NONE_BEFORE or before in _NONE_AFTER:
        return True
    if after in _NONE_AROUND or before in _NONE_AROUND:
        return True
    if before in {".", ","} and after[:1].isdigit() and index > 1:
        # "0 . 5" and "1 , 000", but not "in 1 , 2 and 3"
        return tokens[index - 2][-1:].isdigit() and (before == "." or len(after) == 3)
    return before in {"'", "’"} and after == "s"
