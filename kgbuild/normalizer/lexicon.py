"""The lexicon: every name of every loaded vocabulary, memory-mapped, scanned in one pass."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kgbuild.errors import VocabularyError
from kgbuild.normalizer.columns import TextColumn, codes, integers, open_table
from kgbuild.normalizer.folded import FoldedText
from kgbuild.normalizer.names import SCOPES
from kgbuild.normalizer.normal_form import NORMAL_FORM_VERSION, normal_key
from kgbuild.records import Synonym, Term

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.normalizer.grams import GramIndex

__all__ = ["FORMAT_VERSION", "MANIFEST", "Hit", "Lexicon", "NameEntry", "read_manifest"]

FORMAT_VERSION = 4
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class NameEntry:
    """One name of one term.

    ``scope`` is preferred, exact, abbreviation, narrow, related or broad; a ``derived`` name was
    made from an inverted one ("Neoplasms, Breast") or from one with its type in brackets.
    ``language`` is empty for English.
    """

    text: str
    curie: str
    name: str
    category: str
    scope: str
    vocabulary: str
    derived: bool = False
    language: str = ""


class Hit(NamedTuple):
    """A place in a text whose normal form is a key: ``text[start:end]``."""

    start: int
    end: int
    key: int


def read_manifest(folder: Path, *, missing_ok: bool = False) -> dict[str, Any]:
    """Return the manifest of a lexicon.

    Raises:
        VocabularyError: there is none, or it can't be read, or another version made it; unless
            ``missing_ok``, which then gives an empty dictionary: what is there gets replaced.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        made_by = (manifest["format"], manifest["normal_form"])
        problem = "" if made_by == (FORMAT_VERSION, NORMAL_FORM_VERSION) else (
            f"{folder} holds a lexicon of format {made_by[0]}.{made_by[1]}, this version reads "
            f"{FORMAT_VERSION}.{NORMAL_FORM_VERSION}"
        )  # fmt: skip
    except FileNotFoundError:
        manifest, problem = {}, f"{folder} holds no lexicon (no {MANIFEST})"
    except (ValueError, KeyError, TypeError, NotADirectoryError) as error:
        manifest, problem = {}, f"{path} is not a lexicon's manifest ({error})"
    if not problem:
        return dict(manifest)
    if missing_ok:
        return {}
    raise VocabularyError(
        f"{problem}: build it again with build_lexicon (kgbuild build does it when needed)"
    )


class Lexicon:
    """Names and terms of a lexicon folder, read in place.

    Opening maps the files and reads the manifest; the automaton (about 180 bytes a name) is
    loaded at the first ``scan``. Safe to share between threads; processes share the mapped pages.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.fingerprint: str = manifest["fingerprint"]
        self.categories: tuple[str, ...] = tuple(manifest["categories"])
        self._vocabularies: list[str] = manifest["vocabularies"]
        self._data = folder / manifest["data"]
        self._terms = open_table(self._data / "terms.arrow")
        self._ids = TextColumn(self._terms, "id")
        self._preferred = TextColumn(self._terms, "name")
        self._category = integers(self._terms, "category")
        self._vocabulary = integers(self._terms, "vocabulary")
        names = open_table(self._data / "names.arrow")
        self._texts = TextColumn(names, "text")
        self._term_of = integers(names, "term")
        self._scope = integers(names, "scope")
        self._derived = integers(names, "derived")
        self._language, self._languages = codes(names, "language")
        keys = open_table(self._data / "keys.arrow")
        self._keys = TextColumn(keys, "key")
        self._first = integers(keys, "first")
        same = open_table(self._data / "same.arrow")
        self._same, self._preferred_id = TextColumn(same, "id"), TextColumn(same, "preferred")
        self.names = lru_cache(maxsize=100_000)(self._names)
        self.ancestors = lru_cache(maxsize=10_000)(self._above)
        self.label = lru_cache(maxsize=50_000)(self._label)
        self.keys_in = lru_cache(maxsize=16)(self._keys_in)

    @classmethod
    def open(cls, folder: Path | str) -> Lexicon:
        """Open the lexicon that ``build_lexicon`` made in ``folder``.

        Raises:
            VocabularyError: the folder holds none, or one of another version, or a broken one.
        """
        path = Path(folder)
        lacking = ""
        for _ in range(3):
            manifest = read_manifest(path)
            try:
                return cls(path, manifest)
            except FileNotFoundError as error:
                # A build may replace the data between the manifest's reading and the mapping.
                lacking = str(error.filename or error)
            except (OSError, ValueError, KeyError) as error:
                raise VocabularyError(
                    f"{path} holds a damaged lexicon ({error}): delete it and build it again"
                ) from error
        raise VocabularyError(f"{path} lacks {lacking}: delete it and build it again")

    def __len__(self) -> int:
        """Return the number of terms."""
        return len(self._ids)

    def __contains__(self, curie: object) -> bool:
        return isinstance(curie, str) and self._ids.row(curie) >= 0

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Travel to another process as the folder's name."""
        return Lexicon.open, (str(self.folder),)

    @cached_property
    def _automata(self) -> list[tuple[int, Any]]:
        """The automata, each with the number of its first key."""
        import daachorse

        files = [
            (first, self._data / f"automaton-{number}.bin")
            for number, first in enumerate(self.manifest["automata"])
        ]
        load = daachorse.DoubleArrayAhoCorasick.deserialize
        return [(first, load(file.read_bytes())) for first, file in files]

    @cached_property
    def grams(self) -> GramIndex:
        """The index of the keys that are written alike; see ``GramIndex.search``."""
        from kgbuild.normalizer.grams import GramIndex

        return GramIndex.open(self._data)

    def preferred_id(self, curie: str) -> str:
        """Return the id by which a thing is known here, of all that mean the same; else ``curie``.

        A former id leads to its successor's.
        """
        row = self._same.row(curie)
        return self._preferred_id[row] if row >= 0 else curie

    @cached_property
    def _others(self) -> dict[str, list[str]]:
        others: dict[str, list[str]] = {}
        for other, preferred in zip(self._same, self._preferred_id, strict=True):
            others.setdefault(preferred, []).append(other)
        return others

    def same_as(self, curie: str) -> tuple[str, ...]:
        """Return the other ids that lead to ``curie``, in order."""
        return tuple(self._others.get(curie, ()))

    def each_name(self, *, abbreviations: bool = False) -> Iterator[tuple[str, str, str]]:
        """Yield name, CURIE and category of each name of the vocabularies.

        Forms derived from a name ("Breast Neoplasms" from "Neoplasms, Breast") are left out.
        """
        for row in range(len(self._texts)):
            entry = self.entry(row)
            if not entry.derived and (abbreviations or entry.scope != "abbreviation"):
                yield entry.text, entry.curie, entry.category

    def key_id(self, key: str) -> int:
        """Return the number of a normal key (``normal_key(text)``), or -1."""
        return self._keys.row(key) if key else -1

    def key(self, number: int) -> str:
        """Return the normal key of a number that ``scan`` or ``key_id`` gave."""
        return self._keys[number]

    def has_word(self, word: str) -> bool:
        """Tell whether a word in normal form is one of any key."""
        within = f" {word} "
        return any(within in self._keys[number] for number in self.grams.holding(within))

    def rows(self, number: int) -> range:
        """Return the rows of the names that fold to one key, preferred names first."""
        first = self._first[number]
        last = self._first[number + 1] if number + 1 < len(self._first) else len(self._texts)
        return range(first, last)

    def kind(self, row: int) -> tuple[int, str, str]:
        """Return of a name's row the term's row, the category and the scope: cheap to have."""
        term = self._term_of[row]
        return term, self.categories[self._category[term]], SCOPES[self._scope[row]]

    def _names(self, number: int) -> tuple[NameEntry, ...]:
        """Return the names that fold to one key, preferred names first."""
        return tuple(self.entry(row) for row in self.rows(number))

    def entry(self, row: int) -> NameEntry:
        """Return the name of a row that ``rows`` gave."""
        term = self._term_of[row]
        return NameEntry(
            text=self._texts[row],
            curie=self._ids[term],
            name=self._preferred[term],
            category=self.categories[self._category[term]],
            scope=SCOPES[self._scope[row]],
            vocabulary=self._vocabularies[self._vocabulary[term]],
            derived=bool(self._derived[row]),
            language=self._languages[self._language[row]],
        )

    def lookup(self, text: str, *, category: str | None = None) -> tuple[NameEntry, ...]:
        """Return the names with the normal form of ``text``, preferred names first.

        ``category`` keeps those of exactly that category. No name gives an empty tuple.
        """
        number = self.key_id(normal_key(text))
        if number < 0:
            return ()
        entries = self.names(number)
        if category is None:
            return entries
        return tuple(entry for entry in entries if entry.category == category)

    def term(self, curie: str) -> Term:
        """Return the term, obsolete or not.

        Raises:
            KeyError: no vocabulary of this lexicon has it.
        """
        row = self._ids.row(curie)
        if row < 0:
            raise KeyError(curie)
        value = self._terms.slice(row, 1).to_pylist()[0]
        return Term(
            id=value["id"],
            name=value["name"],
            category=self.categories[value["category"]],
            synonyms=tuple(
                Synonym(s["text"], SCOPES[s["scope"]], s["language"]) for s in value["synonyms"]
            ),
            xrefs=tuple(value["xrefs"]),
            parents=tuple(value["parents"]),
            definition=value["definition"],
            obsolete=value["obsolete"],
            replaced_by=value["replaced_by"],
            exact=tuple(value["exact"]),
            part_of=tuple(value["part_of"]),
            taxon=value["taxon"],
        )

    def united_term(self, curie: str) -> Term:
        """Return the term with the names and ids of all that mean the same, itself first.

        Raises:
            KeyError: no vocabulary of this lexicon has it.
        """
        term = self.term(curie)
        others = self.same_as(curie)
        if not others:
            return term
        known = [self.term(other) for other in others if other in self]
        names = {s.text: s for s in term.synonyms}
        for other in known:
            for synonym in (Synonym(other.name), *other.synonyms):
                if synonym.text != term.name and not other.obsolete:
                    names.setdefault(synonym.text, synonym)
        xrefs = dict.fromkeys((*others, *term.xrefs, *(x for t in known for x in t.xrefs)))
        xrefs.pop(curie, None)
        return replace(term, synonyms=tuple(names.values()), xrefs=tuple(xrefs))

    def _label(self, curie: str) -> tuple[str, str] | None:
        """Return name and category of a term, quickly, or None."""
        row = self._ids.row(curie)
        if row < 0:
            return None
        return self._preferred[row], self.categories[self._category[row]]

    def term_rows(self, curies: Iterable[str], *, branches: Iterable[str] = ()) -> frozenset[int]:
        """Return the rows of these terms and of ``branches`` with all below, where it has them."""
        from kgbuild.normalizer.parents import rows_below

        rows = (self._ids.row(curie) for curie in curies)
        roots = sorted(row for curie in branches if (row := self._ids.row(curie)) >= 0)
        return frozenset(row for row in rows if row >= 0).union(rows_below(self._terms, roots))

    def _above(self, curie: str) -> frozenset[str]:
        """Return what is above a term by any chain of parents, as known here; itself isn't."""
        found: set[str] = set()
        left = [curie]
        while left:
            row = self._ids.row(left.pop())
            parents = self._terms.column("parents")[row].as_py() if row >= 0 else ()
            new = {self.preferred_id(parent) for parent in parents} - found
            found |= new
            left.extend(new)
        return frozenset(found - {curie})

    def all_names(self, curie: str) -> tuple[str, ...]:
        """Return a term's name and synonyms; a CURIE that the lexicon lacks has none."""
        row = self._ids.row(curie)
        if row < 0:
            return ()
        synonyms = self._terms.column("synonyms")[row].as_py()
        return (self._preferred[row], *(synonym["text"] for synonym in synonyms))

    def xrefs(self, curie: str) -> tuple[str, ...]:
        """Return a term's cross-references as its vocabulary writes them, quickly."""
        row = self._ids.row(curie)
        return tuple(self._terms.column("xrefs")[row].as_py()) if row >= 0 else ()

    def scan(self, text: str) -> list[Hit]:
        """Return every place whose normal form is a key, nested and overlapping ones too.

        In order of end, then the longer first. Matches begin and end at token boundaries. One
        pass, whatever the number of names.
        """
        return list(map(Hit._make, self.places(text)))

    def places(self, text: str, *, without: Container[int] = ()) -> list[tuple[int, int, int]]:
        """Return what ``scan`` does as plain tuples, without the keys numbered ``without``."""
        automata = self._automata
        if not automata:
            return []
        folded = FoldedText(text)
        found = folded.spans(automata[0][1].find_overlapping(folded.key), without=without)
        if len(automata) == 1:
            return found
        for first, automaton in automata[1:]:
            matches = automaton.find_overlapping(folded.key)
            found += folded.spans(((a, b, first + n) for a, b, n in matches), without=without)
        return sorted(found, key=itemgetter(1, 0))

    def search_prefix(self, text: str, *, limit: int = 20) -> list[NameEntry]:
        """Return names that begin as ``text`` does, in alphabetical order of their keys."""
        prefix = normal_key(text).rstrip()
        if not prefix:
            return []
        found: list[NameEntry] = []
        number = self._keys.first(prefix)
        while number < len(self._keys) and len(found) < limit:
            if not self._keys[number].startswith(prefix):
                break
            found.extend(self.names(number))
            number += 1
        return found[:limit]

    def find(self, text: str, *, limit: int = 10) -> list[tuple[Term, float]]:
        """Return the terms that a person who types ``text`` may mean, with a score in [0, 1].

        Equal names score 1, beginnings less, then similar spellings that share the first two
        letters (at least 0.75 by ``rapidfuzz.fuzz.ratio``).
        """
        from kgbuild.normalizer.finding import find

        return find(self, text, limit=limit)

    def _keys_in(self, categories: frozenset[str]) -> NDArray[np.bool_] | None:
        """Return for each key whether a term of one of the categories has it; None: all do."""
        import numpy as np

        if categories.issuperset(self.categories):
            return None
        wanted = np.array([name in categories for name in self.categories], bool)
        if not len(self._keys):
            return np.zeros(0, bool)
        category = np.frombuffer(self._category, np.int16)  # type: ignore[call-overload]
        has = wanted[category[np.frombuffer(self._term_of, np.int32)]]  # type: ignore[call-overload]
        return np.logical_or.reduceat(has, np.frombuffer(self._first, np.int64))  # type: ignore[call-overload]

    def keys_from(self, first: str, last: str, *, limit: int) -> tuple[int, Sequence[str]]:
        """Return the keys from ``first`` up to ``last``, at most, and the number of the first."""
        start = self._keys.first(first)
        stop = min(self._keys.first(last), start + limit)
        return start, self._keys[start:stop]
