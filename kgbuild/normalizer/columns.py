"""Arrow columns read in place: memory-mapped, no copies, plain Python values out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["TextColumn", "codes", "integers", "numbers", "open_table", "write_table"]


def write_table(table: pa.Table, path: Path) -> None:
    """Write ``table`` as one record batch, so that each column lies in one piece."""
    import pyarrow as pa

    whole = table.combine_chunks()
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, whole.schema) as writer:
        if whole.num_rows:
            writer.write_batch(whole.to_batches()[0])


def open_table(path: Path) -> pa.Table:
    """Map the file into memory; pages are read when touched and shared between processes."""
    import pyarrow as pa

    return pa.ipc.open_file(pa.memory_map(str(path), "rb")).read_all()


def _piece(table: pa.Table, name: str) -> pa.Array:
    import pyarrow as pa

    column = table.column(name)
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.nulls(0, column.type)  # pa.array would import pandas


def integers(table: pa.Table, name: str) -> Sequence[int]:
    """Return an integer column as a memory view: indexing gives Python integers."""
    array = _piece(table, name)
    code = {"int8": "b", "int16": "h", "int32": "i", "int64": "q"}[str(array.type)]
    if not len(array):
        return ()
    view: memoryview[int] = memoryview(array.buffers()[1]).cast("B").cast(code)  # type: ignore[call-overload]
    return view[: len(array)]


def codes(table: pa.Table, name: str) -> tuple[Sequence[int], list[str]]:
    """Return a dictionary-encoded column of texts: each row's number, and what the numbers mean."""
    import pyarrow as pa

    array = _piece(table, name)
    if not len(array):
        return (), []
    column = pa.table({"code": array.indices})
    return integers(column, "code"), array.dictionary.to_pylist()


def numbers(array: pa.Array) -> NDArray[Any]:
    """Return the values of a numeric array without nulls; unlike ``to_numpy``, without pandas."""
    import numpy as np

    kind = np.dtype(array.type.to_pandas_dtype())
    if not len(array):
        return np.zeros(0, kind)
    values = np.frombuffer(array.buffers()[1], kind)
    return values[array.offset : array.offset + len(array)]


class TextColumn(Sequence[str]):
    """A ``large_string`` column without nulls."""

    def __init__(self, table: pa.Table, name: str) -> None:
        array = _piece(table, name)
        self._length = len(array)
        self._offsets: Any = (0,)
        self._data: Any = b""
        if self._length:
            _, offsets, data = array.buffers()
            self._offsets = memoryview(offsets).cast("B").cast("q")
            self._data = memoryview(data) if data is not None else memoryview(b"")

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._length))]
        return str(self._data[self._offsets[index] : self._offsets[index + 1]], "utf-8")

    def _bytes(self, index: int) -> bytes:
        return bytes(self._data[self._offsets[index] : self._offsets[index + 1]])

    def encoded(self, start: int = 0, stop: int | None = None) -> list[bytes]:
        """Return the texts of some rows in UTF-8."""
        return list(map(self._bytes, range(start, self._length if stop is None else stop)))

    def raw(self, start: int, stop: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return the bytes of some rows in one piece, not copied, and where each row's end in it.

        The ends, ``(stop - start + 1,)``, begin with 0.
        """
        import numpy as np

        ends = np.frombuffer(self._offsets, np.int64)[start : stop + 1]
        return np.frombuffer(self._data, np.uint8)[ends[0] : ends[-1]], ends - ends[0]

    def first(self, text: str) -> int:
        """Return the first row, in this sorted column, that is not before ``text`` in UTF-8."""
        return bisect_left(range(self._length), text.encode(), key=self._bytes)

    def row(self, text: str) -> int:
        """Return the row that holds ``text`` in this sorted column, or -1."""
        found = self.first(text)
        return found if found < self._length and self[found] == text else -1
