"""Text with numbers in it that the last digits of a model's scores may shift."""

from __future__ import annotations

import re

__all__ = ["numbers_apart"]

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")


def numbers_apart(text: str) -> tuple[list[str], list[float]]:
    """Return the lines of ``text`` with each number replaced by ``#``, and the numbers.

    Processors differ in how they round sums of floats, so a score that is printed here may be off
    by one in its last digit there.
    """
    return _NUMBER.sub("#", text).splitlines(), [float(n) for n in _NUMBER.findall(text)]
