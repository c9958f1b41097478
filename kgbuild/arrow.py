"""Python rows as Arrow tables, column by column from buffers.

``pyarrow.Table.from_pylist`` does the same in half the time, but it imports pandas to do so, which
takes longer than a small build. A shard has too few rows for the difference to matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["to_array", "to_table"]


def to_table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Return ``rows``, each with a value for every field of ``schema``, as a table.

    Knows the types of ``kgbuild.tables``: strings, integers, floats, booleans, lists, structs and
    maps (given as pairs). None is null.

    Raises:
        KeyError: a row lacks a field.
        TypeError: the schema has another type.
        UnicodeEncodeError: a string is not Unicode (it has half a surrogate pair).

    >>> schema = pa.schema([("name", pa.string()), ("years", pa.list_(pa.int32()))])
    >>> to_table([{"name": "a", "years": [1, 2]}, {"name": None, "years": []}], schema).to_pylist()
    [{'name': 'a', 'years': [1, 2]}, {'name': None, 'years': []}]
    """
    arrays = [to_array([row[field.name] for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def to_array(values: Sequence[Any] | NDArray[Any], kind: pa.DataType | None = None) -> pa.Array:
    """Return ``values`` as an array; ``kind`` may be left out where they are a NumPy array.

    Raises:
        TypeError: arrays of ``kind`` are not made here.

    >>> to_array(["a", None], pa.large_string()).to_pylist()
    ['a', None]
    """
    if isinstance(values, np.ndarray):
        kind = kind or pa.from_numpy_dtype(values.dtype)
        if kind == pa.bool_():
            return pa.Array.from_buffers(kind, len(values), [None, _bits(values)])
        data = np.ascontiguousarray(values, kind.to_pandas_dtype())
        return pa.Array.from_buffers(kind, len(data), [None, pa.py_buffer(data)])
    if kind is None:
        raise TypeError("a list's type must be given")
    make = _MAKERS.get(kind.id)
    if make is None:
        raise TypeError(f"columns of type {kind} are not made from rows")
    return make(values, kind)


def _validity(values: Sequence[Any]) -> pa.Buffer | None:
    if None not in values:
        return None
    return _bits([value is not None for value in values])


def _bits(values: Sequence[bool] | NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.asarray(values, bool), bitorder="little"))


def _offsets(lengths: Iterable[int], count: int, *, large: bool = False) -> pa.Buffer:
    offsets = np.zeros(count + 1, np.int64)
    np.cumsum(np.fromiter(lengths, np.int64, count), out=offsets[1:])
    if large:
        return pa.py_buffer(offsets)
    if offsets[-1] > np.iinfo(np.int32).max:
        raise OverflowError("more than 2 GiB in one column of a shard: make shards smaller")
    return pa.py_buffer(offsets.astype(np.int32))


def _strings(values: Sequence[str | None], kind: pa.DataType) -> pa.Array:
    texts = [value or "" for value in values]
    joined = "".join(texts)
    pieces: list[str] | list[bytes] = texts
    if not joined.isascii():
        pieces = [text.encode() for text in texts]
    buffers = [
        _validity(values),
        _offsets(map(len, pieces), len(pieces), large=kind == pa.large_string()),
        pa.py_buffer(joined.encode()),
    ]
    return pa.Array.from_buffers(kind, len(values), buffers)


def _numbers(values: Sequence[float | None], kind: pa.DataType) -> pa.Array:
    plain = [value or 0 for value in values] if None in values else values
    data = pa.py_buffer(np.asarray(plain, kind.to_pandas_dtype()))
    return pa.Array.from_buffers(kind, len(values), [_validity(values), data])


def _booleans(values: Sequence[bool | None], kind: pa.DataType) -> pa.Array:
    data = _bits([bool(value) for value in values])
    return pa.Array.from_buffers(kind, len(values), [_validity(values), data])


def _lists(values: Sequence[Sequence[Any] | None], kind: pa.DataType) -> pa.Array:
    lists = [value or () for value in values]
    children = to_array([item for value in lists for item in value], kind.value_type)
    buffers = [_validity(values), _offsets(map(len, lists), len(lists))]
    return pa.Array.from_buffers(kind, len(values), buffers, children=[children])


def _maps(values: Sequence[Sequence[tuple[Any, Any]] | None], kind: pa.DataType) -> pa.Array:
    lists = [value or () for value in values]
    pairs = [pair for value in lists for pair in value]
    entry = pa.struct([kind.key_field, kind.item_field])
    columns = [
        to_array([pair[0] for pair in pairs], kind.key_type),
        to_array([pair[1] for pair in pairs], kind.item_type),
    ]
    children = pa.Array.from_buffers(entry, len(pairs), [None], children=columns)
    buffers = [_validity(values), _offsets(map(len, lists), len(lists))]
    return pa.Array.from_buffers(kind, len(values), buffers, children=[children])


def _structs(values: Sequence[Mapping[str, Any]], kind: pa.DataType) -> pa.Array:
    fields = [kind.field(i) for i in range(kind.num_fields)]
    children = [to_array([value[f.name] for value in values], f.type) for f in fields]
    return pa.Array.from_buffers(kind, len(values), [None], children=children)


_MAKERS: dict[int, Callable[[Any, pa.DataType], pa.Array]] = {
    pa.string().id: _strings,
    pa.large_string().id: _strings,
    pa.int8().id: _numbers,
    pa.int16().id: _numbers,
    pa.int32().id: _numbers,
    pa.int64().id: _numbers,
    pa.float64().id: _numbers,
    pa.bool_().id: _booleans,
    pa.list_(pa.int32()).id: _lists,
    pa.map_(pa.string(), pa.string()).id: _maps,
    pa.struct([]).id: _structs,
}
