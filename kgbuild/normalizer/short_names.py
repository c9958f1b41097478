"""Short names: which of them mean a term by themselves, and which a document must define first.

"TNF" is a gene's own symbol; "LPS" and "TAG" are aliases of genes too, yet hardly ever mean them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kgbuild.normalizer.lexicon import NameEntry

__all__ = ["is_symbol", "needs_definition", "odd_case", "scope_of"]

_BARE = 3
_SHORT = 4


def is_symbol(name: str) -> bool:
    """Tell whether a name is a code rather than words: its case then carries meaning.

    >>> [is_symbol(n) for n in ("BRCA1", "CAT", "p53", "pain", "Gout", "asthma", "heart attack")]
    [True, True, True, False, False, False, False]
    """
    if " " in name or (name[1:].islower() and name.isalpha()):  # nearly all names
        return False
    if any(c.isspace() for c in name):
        return False
    letters = [c for c in name if c.isalpha()]
    if any(c.isdigit() for c in name):
        return len(name) <= 12
    if len(name) == 1:
        return True
    return any(c.isupper() for c in letters[1:]) and len(letters) <= 12


def scope_of(entry: NameEntry) -> str:
    """Return what a name is to its term now.

    The preferred name of a term that was withdrawn is a former name of its successor.
    """
    if entry.scope != "preferred" or entry.text == entry.name:
        return entry.scope
    return "abbreviation" if is_symbol(entry.text) and is_symbol(entry.name) else "exact"


def needs_definition(entry: NameEntry, surface: str, *, ambiguous: bool = False) -> bool:
    """Tell whether ``surface`` is too short an alias to mean its term where nothing defines it.

    True of up to three capitals that are an alias of a term with a symbol ("TAG" of LINC01194),
    unless they are that symbol without its number ("AKT" of AKT1), and of those that don't shorten
    a term's name in words ("LPS" of van der Woude syndrome), unless its vocabulary says that they
    are an abbreviation; of four where they are an alias of a symbol in another case,
    or of several terms (``ambiguous``).
    """
    scope = scope_of(entry)
    if scope == "preferred" or not (surface.isalpha() and surface.isupper()):
        return False
    if not is_symbol(entry.name):
        spelled = scope == "abbreviation" or _shortens(surface, entry.name)
        return len(surface) <= _BARE and is_symbol(entry.text) and not spelled
    if entry.name.rstrip("0123456789") == surface:
        return False
    if len(surface) <= _BARE:
        return True
    return len(surface) == _SHORT and (ambiguous or entry.text != surface)


def odd_case(name: str, surface: str) -> bool:
    """Tell whether ``surface`` is written as proteins of bacteria are, and ``name`` isn't.

    >>> odd_case("LIPC", "LipC"), odd_case("LIPC", "Lipc"), odd_case("MTOR", "mTOR")
    (True, False, False)
    """
    head, last = surface[:_BARE], surface[_BARE:]
    bacterial = surface.isalpha() and head.istitle() and len(head) == _BARE and last.isupper()
    return bacterial and name.isalpha() and name.isupper() and len(last) == 1


def _shortens(surface: str, name: str) -> bool:
    """Tell whether letters occur in ``name`` in this order: "DHT" in dihydrotestosterone."""
    letters = iter(name.casefold())
    return all(letter in letters for letter in surface.casefold())
