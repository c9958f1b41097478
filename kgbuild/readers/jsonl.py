"""JSON lines: one object a line, with fields of the user's naming."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from kgbuild.protocols import ReadItem
from kgbuild.readers.building import DocumentBuilder
from kgbuild.readers.dates import loose_date
from kgbuild.readers.identifiers import document_id
from kgbuild.readers.lines import lines
from kgbuild.records import AnnotatedDocument, Failure

__all__ = ["JsonlReader"]


class JsonlReader:
    """Reads JSON lines. Empty lines are passed over; every other bad line is a ``Failure``.

    Args:
        text_field: the text; a list of strings becomes a paragraph each. Required in each line.
        id_field: the identifier. None: ``id`` where there is one, else the text's hash. Ids that
            are not CURIEs, DOIs or PMC ids become ``kgb.doc:ID``, or ``id_prefix:ID``.
        title_field: the title. None: ``title`` where there is one.
        date_field: the date, in any usual form. None: ``date`` where there is one.
        metadata_fields: fields kept as metadata. None: all others that hold a string, a number,
            a truth value or a list of these.
        id_prefix: prefix of ids that have none, such as ``PMID``.
    """

    def __init__(
        self,
        *,
        text_field: str = "text",
        id_field: str | None = None,
        title_field: str | None = None,
        date_field: str | None = None,
        metadata_fields: Sequence[str] | None = None,
        id_prefix: str = "",
    ) -> None:
        self._text = text_field
        self._required = [f for f in (text_field, id_field, title_field, date_field) if f]
        self._required += metadata_fields or []
        self._id = id_field or "id"
        self._title = title_field or "title"
        self._date = date_field or "date"
        self._metadata = metadata_fields
        self._prefix = id_prefix

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield a document or a failure a line."""
        for line in lines(stream):
            if not line.text.strip("\ufeff \t"):
                continue
            reason = line.error
            if not reason:
                try:
                    result = self._document(json.loads(line.text.lstrip("\ufeff")), source)
                    if isinstance(result, AnnotatedDocument):
                        yield result
                        continue
                    reason = result
                except json.JSONDecodeError as error:
                    reason = f"expected a JSON object, but: {error.msg} at column {error.colno}"
                except RecursionError:
                    reason = "expected a JSON object, but it is nested too deeply"
            yield Failure(source, "read", reason, place=f"line {line.number}")

    def _document(self, item: Any, source: str) -> AnnotatedDocument | str:
        if not isinstance(item, dict):
            return f"expected a JSON object, found {type(item).__name__}"
        for name in self._required:
            if name not in item:
                return _missing(name, item)
        texts = item[self._text] if isinstance(item[self._text], list) else [item[self._text]]
        if not all(isinstance(text, str) for text in texts):
            kind = type(item[self._text]).__name__
            return f"expected a string or a list of strings in {self._text!r}, found {kind}"
        builder = DocumentBuilder()
        builder.add("title", _string(item.get(self._title)))
        for text in texts:
            builder.add("paragraph", text)
        if not builder.passages:
            return f"no text: {self._text!r} is empty; leave the line out"
        used = {self._text, self._title, self._date, self._id}
        kept = self._metadata if self._metadata is not None else [k for k in item if k not in used]
        builder.describe({str(name): _string(item[name]) for name in kept})
        identifier = document_id(_string(item.get(self._id)), prefix=self._prefix)
        date = loose_date(_string(item.get(self._date)))
        return AnnotatedDocument(builder.finish(identifier, date=date, source=source))


def _missing(name: str, item: dict[str, Any]) -> str:
    near = difflib.get_close_matches(name, list(item), n=1, cutoff=0.5)
    has = ", ".join(map(repr, list(item)[:8])) or "none"
    hint = f"; the nearest is {near[0]!r}" if near else ""
    return f"expected the field {name!r}, found {has}{hint}; name yours, e.g. text_field='...'"


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list) and all(isinstance(v, (str, int, float)) for v in value):
        return "|".join(map(_string, value))
    return ""
