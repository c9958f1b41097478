"""A vocabulary: files of one format, read as a stream of terms, with their mistakes listed."""

from __future__ import annotations

import gzip
import hashlib
from array import array
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

from kgbuild.errors import VocabularyError
from kgbuild.ontologies.branches import categories_below
from kgbuild.ontologies.controls import without_controls
from kgbuild.ontologies.parsers import parser_of
from kgbuild.ontologies.parsers.options import STAGE, ParseOptions
from kgbuild.records import Failure, Term, content_hash

__all__ = ["Vocabulary", "open_stream", "sha256_of"]

_MAX_LISTED_CYCLES = 100


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Terms that can be read again and again. Get one by ``open_vocabulary``.

    ``fingerprint`` changes when the files' content or the way they are read does.
    """

    name: str
    version: str
    files: tuple[Path, ...]
    format: str
    options: ParseOptions = field(default_factory=ParseOptions)
    licence: str = ""

    @property
    def fingerprint(self) -> str:
        """A hash of the files' content and of the options."""
        companion = [Path(self.options.companion)] if self.options.companion else []
        return content_hash(
            self.name,
            self.format,
            replace(self.options, companion=""),  # where it lies doesn't matter
            *(sha256_of(file) for file in (*self.files, *companion)),
        )

    def terms(self) -> Iterator[Term | Failure]:
        """Yield each term once, in file order; then the cycles of its parents, as failures.

        An id that was there before, a term without a name, a line that can't be read: a failure,
        and reading goes on.

        Raises:
            VocabularyError: a file can't be opened, or is of another format.
        """
        checks = _Checks()
        source = str(self.files[0]) if self.files else self.name
        categories = yield from self._by_branch(source)
        for file, item in self._parsed():
            if isinstance(item, Failure):
                yield item
            elif self._kept(item.id):
                category = categories.get(item.id, item.category)
                own = item if category == item.category else replace(item, category=category)
                yield from self._cleaned(own, checks, source=str(file))
        yield from checks.cycles(source=source)

    def _parsed(self) -> Iterator[tuple[Path, Term | Failure]]:
        """Yield what the files hold as it stands there."""
        parse = parser_of(self.format)
        for file in self.files:
            with open_stream(file) as stream:
                for item in parse(stream, self.options, source=str(file)):
                    yield file, item

    def _by_branch(self, source: str) -> Generator[Failure, None, dict[str, str]]:
        """Return the category of each term of a branch; yield a failure for an empty branch."""
        if not self.options.branches:
            return {}
        branches = {self.options.curie(own): c for own, c in self.options.branches.items()}
        known = (item for _, item in self._parsed() if not isinstance(item, Failure))
        found, empty = categories_below(known, branches)
        for root in empty:
            reason = f"no term, and above none: nothing is {branches[root]} by this branch"
            yield Failure(source=source, stage=STAGE, reason=reason, place=root)
        return found

    def _cleaned(self, term: Term, checks: _Checks, *, source: str) -> Iterator[Term | Failure]:
        term, changed = without_controls(term)
        if changed:
            reason = (
                f"{term.id}: control characters in {changed} of its names, a space in their place"
            )
            yield Failure(source=source, stage=STAGE, reason=reason, place=term.id)
        if not term.name:
            reason = f"{term.id}: no name is left without its control characters"
            yield Failure(source=source, stage=STAGE, reason=reason, place=term.id)
            return
        yield checks.check(self._completed(term), source=source)

    def _completed(self, term: Term) -> Term:
        """Add what the options say of all terms: their organism, what their xrefs mean."""
        options = self.options
        if options.taxon and not term.taxon:
            term = replace(term, taxon=options.taxon)
        if options.exact_xrefs:
            same = (x for x in term.xrefs if x.partition(":")[0] in options.exact_xrefs)
            exact = tuple(dict.fromkeys((*term.exact, *same)))
            term = term if exact == term.exact else replace(term, exact=exact)
        return term

    def _kept(self, curie: str) -> bool:
        return not self.options.keep or curie.partition(":")[0] in self.options.keep


class _Checks:
    """Remembers ids and parents as numbers: 2.7 million taxa take about 300 MB."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._seen: set[int] = set()
        self._child = array("q")
        self._parent = array("q")

    def check(self, term: Term, *, source: str) -> Term | Failure:
        number = self._number.setdefault(term.id, len(self._number))
        if number in self._seen:
            reason = f"{term.id} '{term.name}' was there before: the first one is kept"
            return Failure(source=source, stage=STAGE, reason=reason, place=term.id)
        self._seen.add(number)
        for parent in term.parents:
            self._child.append(number)
            self._parent.append(self._number.setdefault(parent, len(self._number)))
        return term

    def cycles(self, *, source: str) -> Iterator[Failure]:
        """Yield a failure for each group of terms that are above themselves.

        Peels off what has no parents left, then what has no children left (Kahn 1962); what
        remains lies on cycles or between them.
        """
        remaining = self._peel(self._child, self._parent, set(range(len(self._number))))
        remaining = self._peel(self._parent, self._child, remaining)
        if not remaining:
            return
        names = {number: curie for curie, number in self._number.items() if number in remaining}
        for count, group in enumerate(self._groups(remaining)):
            if count == _MAX_LISTED_CYCLES:
                return
            circle = " > ".join(names[number] for number in group)
            reason = f"parents go round in a circle: {circle} > {names[group[0]]}"
            yield Failure(source=source, stage=STAGE, reason=reason, place=names[group[0]])

    def _peel(self, lower: array[int], upper: array[int], among: set[int]) -> set[int]:
        """Return ``among`` less all whose every chain of ``upper`` ends."""
        waiting: dict[int, int] = {}
        below: dict[int, list[int]] = {}
        for child, parent in zip(lower, upper, strict=True):
            if child in among and parent in among:
                waiting[child] = waiting.get(child, 0) + 1
                below.setdefault(parent, []).append(child)
        free = [number for number in among if number not in waiting]
        left = set(among)
        while free:
            number = free.pop()
            left.discard(number)
            for child in below.get(number, ()):
                waiting[child] -= 1
                if not waiting[child]:
                    free.append(child)
        return left

    def _groups(self, remaining: set[int]) -> Iterator[list[int]]:
        """Yield one cycle for each unvisited term, by walking up until a term comes again."""
        above: dict[int, int] = {}
        for child, parent in zip(self._child, self._parent, strict=True):
            if child in remaining and parent in remaining:
                above.setdefault(child, parent)
        visited: set[int] = set()
        for start in sorted(remaining):
            path: list[int] = []
            number = start
            while number not in visited and number in above:
                visited.add(number)
                path.append(number)
                number = above[number]
            if number in path:
                yield path[path.index(number) :]


def open_stream(path: Path) -> BinaryIO:
    """Open a file for reading, decompressed where it is gz (by its content, not its name).

    Raises:
        VocabularyError: it can't be opened.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise VocabularyError(f"{path}: the vocabulary can't be read: {error.strerror}") from error
    if stream.read(2) == b"\x1f\x8b":
        stream.close()
        return cast("BinaryIO", gzip.open(path, "rb"))
    stream.seek(0)
    return stream


@lru_cache(maxsize=1024)
def _digest(path: Path, size: int, modified: int, changed: int) -> str:
    """Hash a file that is asked for again and again, but only when its status changes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal digits.

    Raises:
        VocabularyError: it can't be read.
    """
    try:
        status = path.stat()
        return _digest(path.absolute(), status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    except OSError as error:
        raise VocabularyError(f"{path}: the vocabulary can't be read: {error.strerror}") from error
