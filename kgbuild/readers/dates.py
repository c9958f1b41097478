"""Dates as bibliographic sources write them, in ISO 8601."""

from __future__ import annotations

import re

__all__ = ["iso_date", "loose_date"]

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        start=1,
    )
}
_YEAR = re.compile(r"\b(1[5-9]\d\d|20\d\d)\b")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_ISO = re.compile(r"(\d{4})[-/](\d\d?)(?:[-/](\d\d?))?(?!\d)")


def _number(text: str, highest: int) -> int:
    return int(text) if text.isdecimal() and 1 <= int(text) <= highest else 0


def iso_date(year: str, month: str = "", day: str = "") -> str:
    """Return the date as precisely as its parts say; empty where the year is none.

    >>> iso_date("2018", "Feb"), iso_date("2018", "04", "25"), iso_date("2018", "Spring")
    ('2018-02', '2018-04-25', '2018')
    """
    if not (len(year) == 4 and year.isdecimal()):
        return ""
    number = _MONTHS.get(month[:3].lower(), 0) or _number(month, 12)
    if not number:
        return year
    if not (in_month := _number(day, 31)):
        return f"{year}-{number:02d}"
    return f"{year}-{number:02d}-{in_month:02d}"


def loose_date(text: str) -> str:
    """Return the first date that ``text`` names, or empty.

    >>> loose_date("1998 Dec-1999 Jan"), loose_date("2006 Mar 1"), loose_date("20060110")
    ('1998-12', '2006-03-01', '2006-01-10')
    >>> loose_date("2002/09/17 10:00"), loose_date("Winter 2001"), loose_date("n/a")
    ('2002-09-17', '2001', '')
    """
    text = text.strip()
    if match := _COMPACT.fullmatch(text) or _ISO.match(text):
        return iso_date(match[1], match[2], match[3] or "")
    year = _YEAR.search(text)
    if not year:
        return ""
    rest = re.split(r"[\s\-]+", text[year.end() :].strip(" -"))
    month, day = [*rest, "", ""][:2]
    return iso_date(year[1], month if month.isalpha() else "", day)
