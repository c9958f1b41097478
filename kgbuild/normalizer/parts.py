"""A vocabulary's terms and folded names as Arrow tables: what a lexicon is put together from.

Reading and folding are most of a lexicon's work, so the result is kept for each vocabulary: when
one of several is new, only that one is read. It goes to disk as it is read, and is mapped into
memory from there, so that reading takes the same memory however large the vocabulary is.
"""

from __future__ import annotations

import json
import os
import tempfile
from array import array
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kgbuild.normalizer.columns import open_table
from kgbuild.normalizer.names import names_of, scope_code
from kgbuild.records import Failure, Term

if TYPE_CHECKING:
    import pyarrow as pa

    from kgbuild.normalizer.build import VocabularySource
    from kgbuild.ontologies.schema import Schema

    Sink = Callable[[pa.RecordBatch], None]

__all__ = ["PARTS_VERSION", "Part", "is_kept", "name_schema", "read_part", "term_schema"]

PARTS_VERSION = 7
_CHUNK = 20_000
_MAX_FAILURES = 1_000
_PROGRESS_EVERY = 5_000
_LISTS = ("xrefs", "parents", "exact", "part_of")
_TEXTS = ("id", "name", "definition", "replaced_by", "taxon")


@dataclass(slots=True)
class Part:
    """Tables ``terms`` and ``names`` of one vocabulary, in its order.

    ``names.term`` are rows of ``terms``; ``terms.category`` are places in ``categories``.
    """

    terms: pa.Table
    names: pa.Table
    categories: list[str]
    failures: list[Failure]
    failure_count: int


def term_schema() -> pa.Schema:
    """Return the columns of the terms."""
    import pyarrow as pa

    text = pa.large_string()
    synonym = pa.struct([("text", text), ("scope", pa.int8()), ("language", text)])
    return pa.schema(
        [
            *((name, text) for name in _TEXTS),
            ("category", pa.int16()),
            ("obsolete", pa.bool_()),
            ("synonyms", pa.large_list(synonym)),
            *((name, pa.large_list(text)) for name in _LISTS),
        ]
    )


def name_schema() -> pa.Schema:
    """Return the columns of the names."""
    import pyarrow as pa

    text = pa.large_string()
    return pa.schema(
        [
            ("key", text), ("text", text), ("term", pa.int32()), ("scope", pa.int8()),
            ("derived", pa.int8()), ("language", text),
        ]
    )  # fmt: skip


@dataclass(slots=True)
class _List:
    """A column of lists: the items of all rows, and where each row's end."""

    items: list[str] = field(default_factory=list)
    ends: array[int] = field(default_factory=lambda: array("q", [0]))

    def add(self, values: tuple[str, ...]) -> None:
        self.items.extend(values)
        self.ends.append(len(self.items))

    def array(self) -> pa.Array:
        import pyarrow as pa

        items = pa.array(self.items, pa.large_string())
        return pa.LargeListArray.from_arrays(_offsets(self.ends), items)


def _offsets(ends: array[int]) -> pa.Array:
    import pyarrow as pa

    return pa.Array.from_buffers(pa.int64(), len(ends), [None, pa.py_buffer(ends.tobytes())])


class _Terms:
    """Terms as columns, turned into Arrow a chunk at a time, so that few Python objects live."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._clear()
        self.count = 0

    def _clear(self) -> None:
        self._texts: dict[str, list[str]] = {name: [] for name in _TEXTS}
        self._lists = {name: _List() for name in _LISTS}
        self._category = array("h")
        self._obsolete: list[bool] = []
        self._synonyms, self._languages = _List(), []  # type: tuple[_List, list[str]]
        self._scopes = array("b")

    def add(self, term: Term, category: int) -> None:
        for name, values in self._texts.items():
            values.append(getattr(term, name))
        for name, column in self._lists.items():
            column.add(getattr(term, name))
        self._category.append(category)
        self._obsolete.append(term.obsolete)
        self._synonyms.add(tuple(s.text for s in term.synonyms))
        for synonym in term.synonyms:
            self._scopes.append(scope_code(synonym.scope))
            self._languages.append(synonym.language)
        self.count += 1
        if len(self._obsolete) >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        """Hand on what was added since the last time."""
        import pyarrow as pa

        schema = term_schema()
        text = pa.large_string()
        synonyms = pa.StructArray.from_arrays(
            [
                pa.array(self._synonyms.items, text), pa.array(self._scopes, pa.int8()),
                pa.array(self._languages, text),
            ],
            fields=list(schema.field("synonyms").type.value_type),
        )  # fmt: skip
        columns: dict[str, Any] = {n: pa.array(v, text) for n, v in self._texts.items()}
        columns |= {n: column.array() for n, column in self._lists.items()}
        columns["category"] = pa.array(self._category, pa.int16())
        columns["obsolete"] = pa.array(self._obsolete, pa.bool_())
        columns["synonyms"] = pa.LargeListArray.from_arrays(
            _offsets(self._synonyms.ends), synonyms
        ).cast(schema.field("synonyms").type)
        arrays = [columns[f.name] for f in schema]
        self._sink(pa.record_batch(arrays, schema=schema))
        self._clear()


class _Names:
    """Names as columns; see ``_Terms``."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.count = 0
        self._clear()

    def _clear(self) -> None:
        self._keys: list[str] = []
        self._texts: list[str] = []
        self._languages: list[str] = []
        self._term, self._scope, self._derived = array("i"), array("b"), array("b")

    def add(self, row: int, term: Term) -> None:
        for key, text, scope, derived, language in names_of(term):
            self._keys.append(key)
            self._texts.append(text)
            self._term.append(row)
            self._scope.append(scope)
            self._derived.append(derived)
            self._languages.append(language)
        if len(self._keys) >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        """Hand on what was added since the last time."""
        import pyarrow as pa

        schema = name_schema()
        columns = (
            self._keys, self._texts, self._term, self._scope, self._derived, self._languages,
        )  # fmt: skip
        arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
        self.count += len(self._keys)
        self._sink(pa.record_batch(arrays, schema=schema))
        self._clear()


class _Reader:
    """Reads one vocabulary, chunk by chunk, into two sinks."""

    def __init__(
        self, vocabulary: VocabularySource, schema: Schema, *, terms: Sink, names: Sink
    ) -> None:
        self.vocabulary = vocabulary
        self.schema = schema
        self.terms = _Terms(terms)
        self.names = _Names(names)
        self.categories: dict[str, int] = {}
        self.labels: dict[str, str | None] = {}
        self.failures: list[Failure] = []
        self.failure_count = 0

    def read(self, progress: Callable[[str, int], None] | None) -> dict[str, Any]:
        """Return what a ``Part`` holds beside its tables."""
        name, done = self.vocabulary.name, 0
        for item in self.vocabulary.terms():
            if isinstance(item, Failure):
                self._fail(item)
                continue
            self._add(item)
            done += 1
            if progress and done % _PROGRESS_EVERY == 0:
                progress(name, done)
        if progress:
            progress(name, done)
        self.terms.flush()
        self.names.flush()
        return {
            "categories": list(self.categories),
            "terms": self.terms.count,
            "names": self.names.count,
            "failure_count": self.failure_count,
            "failures": [[f.source, f.stage, f.reason, f.document, f.place] for f in self.failures],
        }

    def _fail(self, failure: Failure) -> None:
        self.failure_count += 1
        if len(self.failures) < _MAX_FAILURES:
            self.failures.append(failure)

    def _add(self, term: Term) -> None:
        category = self._category(term.category)
        if category is None or not term.id or not term.name.strip():
            expected = (
                f"a category of the schema, not {term.category!r}: name one where the vocabulary "
                "is opened (category=...), or add the label to the schema's aliases"
                if category is None
                else "an id and a name"
            )
            source = self.vocabulary.name
            self._fail(Failure(source, "lexicon", f"expected {expected}", place=term.id))
            return
        if problem := _unwritable(term):
            self._fail(Failure(self.vocabulary.name, "lexicon", problem, place=term.id))
            return
        row = self.terms.count
        self.terms.add(term, self.categories.setdefault(category, len(self.categories)))
        self.names.add(row, term)

    def _category(self, raw: str) -> str | None:
        if raw not in self.labels:
            known = raw in self.schema.categories
            self.labels[raw] = raw if known else self.schema.category(raw)
        return self.labels[raw]


def _unwritable(term: Term) -> str:
    """Say why a term can't be stored: half of a surrogate pair has no place in UTF-8."""
    for text in (term.id, term.name, term.definition, *(s.text for s in term.synonyms)):
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError as error:
                return (
                    f"{text[:40]!r} can not be written as UTF-8 ({error.reason}): read the file "
                    "with its right encoding"
                )
    return ""


def read_part(
    vocabulary: VocabularySource,
    *,
    schema: Schema,
    folder: Path,
    progress: Callable[[str, int], None] | None = None,
) -> Part:
    """Read a vocabulary into ``folder``, or what that keeps of an earlier reading of the same.

    What is kept and can't be read back is read anew.

    Raises:
        OSError: ``folder`` can't be written.
    """
    stem = _fingerprint(vocabulary, schema)
    if (kept := _load(folder, stem)) is not None:
        if progress:
            progress(vocabulary.name, kept.terms.num_rows)
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:
        terms = files.enter_context(_Beside(folder / f"{stem}.terms.arrow"))
        names = files.enter_context(_Beside(folder / f"{stem}.names.arrow"))
        about = files.enter_context(_Beside(folder / f"{stem}.json"))
        with terms.tables(term_schema()) as term_sink, names.tables(name_schema()) as name_sink:
            reader = _Reader(vocabulary, schema, terms=term_sink.write, names=name_sink.write)
            found = reader.read(progress)
        about.path.write_text(json.dumps(found), encoding="utf-8")
        for file in (terms, names, about):  # the last says what the others must hold
            file.publish()
    part = _load(folder, stem)
    if part is None:
        raise OSError(f"{folder}: what was written there a moment ago can't be read back")
    return part


def is_kept(vocabulary: VocabularySource, *, schema: Schema, folder: Path) -> bool:
    """Tell whether ``folder`` keeps what reading the vocabulary gave."""
    return _load(folder, _fingerprint(vocabulary, schema)) is not None


def _fingerprint(vocabulary: VocabularySource, schema: Schema) -> str:
    from kgbuild import __version__
    from kgbuild.normalizer.normal_form import NORMAL_FORM_VERSION
    from kgbuild.records import content_hash

    return content_hash(
        __version__, PARTS_VERSION, NORMAL_FORM_VERSION, schema.fingerprint, vocabulary.name,
        vocabulary.fingerprint,
    )  # fmt: skip


def _load(folder: Path, stem: str) -> Part | None:
    import pyarrow as pa

    try:
        about = json.loads((folder / f"{stem}.json").read_text("utf-8"))
        terms = open_table(folder / f"{stem}.terms.arrow")
        names = open_table(folder / f"{stem}.names.arrow")
        failures = [Failure(*row) for row in about["failures"]]
        if (terms.num_rows, names.num_rows) != (about["terms"], about["names"]):
            return None
        if not (terms.schema.equals(term_schema()) and names.schema.equals(name_schema())):
            return None
        return Part(terms, names, about["categories"], failures, about["failure_count"])
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowInvalid):
        return None


class _Beside:
    """A file that is written beside its place and takes it when whole."""

    def __init__(self, target: Path) -> None:
        descriptor, beside = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
        os.close(descriptor)
        self.path, self._target = Path(beside), target

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.path.unlink(missing_ok=True)

    def tables(self, schema: pa.Schema) -> pa.RecordBatchFileWriter:
        """Return what writes record batches."""
        import pyarrow as pa

        return pa.ipc.new_file(str(self.path), schema)

    def publish(self) -> None:
        """Put the file into its place."""
        self.path.replace(self._target)
