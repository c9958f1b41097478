"""JSON lines: one object a line, with fields of the user's naming."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, BinaryIO

from kgbuild.protocols import ReadItem
from kgbuild.readers.building import DocumentBuilder
from kgbuild.readers.dates import loose_date
from kgbuild.readers.identifiers import document_id
from kgbuild.readers.lines import lines
from kgbuild.records import AnnotatedDocument, Failure

__all__ = ["JsonlReader"]

_TEXTS = ("text", "abstract", "body", "full_text")
_IDS = {"id": "", "pmid": "PMID", "pmcid": "PMC", "doi": "DOI"}
_RESOLVER = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*(?=10\.))", re.IGNORECASE)


class JsonlReader:
    """Reads JSON lines. Empty lines are passed over; every other bad line is a ``Failure``.

    Args:
        text_field: the text; a list of strings becomes a paragraph each. Of several fields those
            that a line has are taken, in this order; a line must have one. None: ``text``, else
            ``abstract`` and then ``body`` or ``full_text``.
        id_field: the identifier. None: the first of ``id``, ``pmid``, ``pmcid`` and ``doi`` that
            there is, else the text's hash. Ids that are not CURIEs, DOIs or PMC ids become
            ``kgb.doc:ID``, or ``id_prefix:ID``.
        title_field: the title. None: ``title`` where there is one.
        date_field: the date, in any usual form. None: ``date`` where there is one.
        metadata_fields: fields kept as metadata. None: all others that hold a string, a number,
            a truth value or a list of these.
        id_prefix: prefix of ids that have none, such as ``PMID``.
    """

    def __init__(
        self,
        *,
        text_field: str | Sequence[str] | None = None,
        id_field: str | None = None,
        title_field: str | None = None,
        date_field: str | None = None,
        metadata_fields: Sequence[str] | None = None,
        id_prefix: str = "",
    ) -> None:
        self._texts = [text_field] if isinstance(text_field, str) else list(text_field or ())
        self._required = [f for f in (id_field, title_field, date_field) if f]
        self._required += metadata_fields or []
        self._id = id_field
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
                    item = json.loads(line.text.lstrip("\ufeff"))
                except json.JSONDecodeError as error:
                    reason = f"expected a JSON object, but: {error.msg} at column {error.colno}"
                except ValueError:  # what json lets through: an integer of thousands of digits
                    reason = (
                        "expected a JSON object with numbers of up to 4,300 digits, found a longer"
                        " one; put it in quotes"
                    )
                except RecursionError:
                    reason = "expected a JSON object, but it is nested too deeply"
                else:
                    result = self._document(item, source)
                    if isinstance(result, AnnotatedDocument):
                        yield result
                        continue
                    reason = result
            yield Failure(source, "read", reason, place=f"line {line.number}")

    def _document(self, item: Any, source: str) -> AnnotatedDocument | str:
        if not isinstance(item, dict):
            return f"expected a JSON object, found {type(item).__name__}"
        names = self._fields_of_text(item)
        if not names:
            return _missing("text_field", self._texts or _TEXTS, item)
        for name in self._required:
            if name not in item:
                return _missing("", [name], item)
        builder = DocumentBuilder()
        builder.add("title", _string(item.get(self._title)))
        for name in names:
            texts = item[name] if isinstance(item[name], list) else [item[name] or ""]
            if not all(isinstance(text, str) for text in texts):
                kind = type(item[name]).__name__
                return f"expected a string or a list of strings in {name!r}, found {kind}"
            for text in texts:
                builder.add("abstract" if name == "abstract" else "paragraph", text)
        if not builder.passages:
            return f"no text: {' and '.join(map(repr, names))} is empty; leave the line out"
        id_field = self._id or next((name for name in _IDS if _string(item.get(name))), "id")
        used = {*names, self._title, self._date, id_field}
        kept = self._metadata if self._metadata is not None else [k for k in item if k not in used]
        builder.describe({str(name): _string(item[name]) for name in kept})
        prefix = self._prefix if self._id or id_field == "id" else _IDS[id_field]
        raw_id = _RESOLVER.sub("", _string(item.get(id_field)))
        identifier = document_id(raw_id, prefix=prefix)
        date = loose_date(_string(item.get(self._date)))
        return AnnotatedDocument(builder.finish(identifier, date=date, source=source))

    def _fields_of_text(self, item: dict[str, Any]) -> list[str]:
        if self._texts:
            return [name for name in self._texts if name in item]
        if "text" in item:
            return ["text"]
        body = next((name for name in ("body", "full_text") if name in item), "")
        return [name for name in ("abstract", body) if name in item]


def _missing(option: str, names: Sequence[str], item: dict[str, Any]) -> str:
    near = [n for name in names for n in get_close_matches(name, list(item), n=1, cutoff=0.5)]
    has = ", ".join(map(repr, list(item)[:8])) or "none"
    hint = f"; the nearest is {near[0]!r}" if near else ""
    fields = " or ".join(map(repr, names))
    reason = f"expected the field {fields}, found {has}{hint}"
    if not option:
        return f"{reason}; correct reading.options in the configuration"
    example = near[0] if near else next(iter(item), "NAME")
    return (
        f"{reason}; name yours in the configuration: reading: {{options: {{{option}: {example}}}}}"
    )


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
