"""Rows to Arrow tables: the same as pyarrow's own conversion, and no pandas."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgbuild.arrow import to_table

SCHEMA = pa.schema(
    [
        ("text", pa.string()), ("whole", pa.int32()), ("long", pa.int64()), ("real", pa.float64()),
        ("truth", pa.bool_()), ("texts", pa.list_(pa.string())),
        ("spans", pa.list_(pa.struct([("start", pa.int32()), ("label", pa.string())]))),
        ("pairs", pa.map_(pa.string(), pa.string())),
    ]
)  # fmt: skip
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
SMALL = st.integers(-(2**31), 2**31 - 1)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | WORDS,
            "whole": st.none() | SMALL,
            "long": st.none() | st.integers(-(2**63), 2**63 - 1),
            "real": st.none() | st.floats(allow_nan=False),
            "truth": st.none() | st.booleans(),
            "texts": st.none() | st.lists(WORDS, max_size=3),
            "spans": st.lists(st.fixed_dictionaries({"start": SMALL, "label": WORDS}), max_size=3),
            "pairs": st.lists(st.tuples(WORDS, WORDS), max_size=3),
        }
    ),
    max_size=20,
)


@settings(deadline=None)  # the first call imports pandas
@given(ROWS)
def test_equals_pyarrows_own_conversion(rows: list[dict[str, object]]) -> None:
    table = to_table(rows, SCHEMA)
    table.validate(full=True)
    assert table.equals(pa.Table.from_pylist(rows, schema=SCHEMA))


def test_a_field_that_lacks_is_an_error() -> None:
    with pytest.raises(KeyError, match="text"):
        to_table([{"whole": 1}], SCHEMA)


def test_half_a_character_is_an_error() -> None:
    with pytest.raises(UnicodeEncodeError):
        to_table([{"text": "\ud800"}], pa.schema([("text", pa.string())]))


def test_an_unknown_type_is_an_error() -> None:
    with pytest.raises(TypeError, match="date32"):
        to_table([{"day": None}], pa.schema([("day", pa.date32())]))


def test_a_build_into_ladybug_does_not_import_pandas(tmp_path: Path) -> None:
    """Writing RDF and making a lexicon do: pyarrow.compute imports it."""
    code = (
        "import sys, kgbuild\n"
        "from kgbuild.api import build_into\n"
        "config = kgbuild.Config(stores=['ladybug'])\n"
        "text = 'Metformin treats type 2 diabetes mellitus.'\n"
        "build_into(sys.argv[1], memory=[text], config=config)\n"
        "sys.exit('pandas' in sys.modules)"
    )
    folders = [tmp_path / "makes the lexicon", tmp_path / "finds it"]
    codes = [subprocess.run([sys.executable, "-c", code, f], check=False) for f in folders]
    assert codes[1].returncode == 0
