from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgbuild.errors import ConfigError, MissingExtraError, VocabularyError
from kgbuild.normalizer import index as index_module
from kgbuild.normalizer import vector_choice, vector_faiss, vector_flat
from kgbuild.normalizer.index import DenseIndex
from kgbuild.testing import HashingEncoder

NAMES = [
    ("asthma", "MONDO:0004979", "Disease"),
    ("bronchial asthma", "MONDO:0004979", "Disease"),
    ("renal failure", "MONDO:0001106", "Disease"),
    ("asthma", "HP:0002099", "PhenotypicFeature"),
    ("aspirin", "CHEBI:15365", "ChemicalEntity"),
    ("acetylsalicylic acid", "CHEBI:15365", "ChemicalEntity"),
]


@pytest.fixture(params=["faiss", "numpy"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "numpy":
        monkeypatch.setattr(vector_flat, "find_spec", lambda name: None)
        monkeypatch.setattr(
            index_module, "this_machine", lambda: vector_choice.Machine(faiss=False)
        )
    else:
        pytest.importorskip("faiss")
    return str(request.param)


def make(folder: Path, **options: object) -> DenseIndex:
    settings = {"names": NAMES, "encoder": HashingEncoder(), "folder": folder, "lexicon": "one"}
    return DenseIndex(**(settings | options))  # type: ignore[arg-type]


def test_search(tmp_path: Path, engine: str) -> None:
    index = make(tmp_path / "dense")
    typed, near, none = index.search(["aspirin", "asthmas", "aspirin"], k=2)
    assert typed[0].curie == "CHEBI:15365"
    assert typed[0].name == "aspirin"
    assert typed[0].score == pytest.approx(1, abs=1e-3)
    assert none == typed
    assert {c.curie for c in near} == {"MONDO:0004979", "HP:0002099"}
    assert all(c.method == "dense" and 0 <= c.score <= 1 for c in [*typed, *near])
    assert index.search([], k=3) == []


def test_categories(tmp_path: Path) -> None:
    index = make(tmp_path / "dense")
    (found,) = index.search(["asthma"], k=9, category="Disease")
    assert [c.curie for c in found] == ["MONDO:0004979", "MONDO:0001106"]
    (both,) = index.search(["asthma"], k=9, category=("Disease", "PhenotypicFeature"))
    assert {c.curie for c in both} == {"MONDO:0004979", "MONDO:0001106", "HP:0002099"}
    assert index.search(["asthma"], k=1, category="Gene") == [[]]
    assert len(index.search(["asthma"], k=9)[0]) == 4


def test_many_names_do_not_crowd_out_others(tmp_path: Path) -> None:
    names = [(f"asthma {i}", "A:1", "Disease") for i in range(300)]
    index = make(tmp_path / "dense", names=[*names, ("renal failure", "B:1", "Disease")])
    assert [c.curie for c in index.search(["asthma 7"], k=2)[0]] == ["A:1", "B:1"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=4), st.sampled_from("ABC"), st.sampled_from("XY"))))
def test_every_name_finds_itself(tmp_path_factory: pytest.TempPathFactory, names: list) -> None:
    safe = [(t.encode("utf-8", "replace").decode(), f"Z:{c}", k) for t, c, k in names]
    index = make(tmp_path_factory.mktemp("any") / "dense", names=safe)
    for text, curie, category in safe:
        found = index.search([text], k=9, category=category)[0]
        assert max(c.score for c in found if c.curie == curie) == pytest.approx(1, abs=2e-3)


def test_built_once_and_lazily(tmp_path: Path) -> None:
    asked = []
    calls: list[tuple[int, int]] = []

    def names() -> list[tuple[str, str, str]]:
        asked.append(1)
        return NAMES

    progress = lambda done, total: calls.append((done, total))  # noqa: E731
    index = make(tmp_path / "dense", names=names, progress=progress)
    assert asked == []
    first = index.search(["asthma"], k=3)
    assert (asked, calls) == ([1], [(0, 5), (5, 5)])
    assert make(tmp_path / "dense", names=names).search(["asthma"], k=3) == first
    assert asked == [1]
    assert sorted(p.name for p in tmp_path.iterdir()) == [".dense.lock", "dense"]


def test_an_index_of_other_making_is_refused(tmp_path: Path) -> None:
    make(tmp_path / "dense").build()
    with pytest.raises(VocabularyError, match="another lexicon"):
        make(tmp_path / "dense", lexicon="two").search(["a"], k=1)
    other = make(tmp_path / "dense", encoder=HashingEncoder(seed=1))
    with pytest.raises(VocabularyError, match="another encoder"):
        other.search(["a"], k=1)
    other.build(replace=True)
    assert other.search(["asthma"], k=1)[0][0].score == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("file", ["vectors.npy", "names.arrow", "index.faiss"])
@pytest.mark.parametrize("other", ["encoder", "lexicon"])
def test_a_file_of_another_index_is_refused(tmp_path: Path, file: str, other: str) -> None:
    pytest.importorskip("faiss")
    changed = {"lexicon": "two"} if other == "lexicon" else {"encoder": HashingEncoder(seed=1)}
    make(tmp_path / "one", kind="hnsw").build()
    make(tmp_path / "two", kind="hnsw", **changed).build()
    (tmp_path / "two" / file).replace(tmp_path / "one" / file)
    with pytest.raises(VocabularyError, match=f"{file} is of an index of another encoder or lexi"):
        make(tmp_path / "one").search(["asthma"], k=1)


def test_a_folder_of_another_form_is_refused(tmp_path: Path) -> None:
    make(tmp_path / "dense").build()
    path = tmp_path / "dense" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 1}))
    with pytest.raises(VocabularyError, match=r"another format \(1, not 2\)"):
        make(tmp_path / "dense").search(["asthma"], k=1)


def test_what_cannot_be_built_is_said_before_anything_is_encoded(tmp_path: Path) -> None:
    class Unused(HashingEncoder):
        def encode(self, texts: object) -> np.ndarray:
            raise AssertionError

    with pytest.raises(ConfigError, match="expected auto"):
        make(tmp_path / "dense", encoder=Unused(), kind="annoy").build()
    if not vector_choice.this_machine().cuvs:
        with pytest.raises(ConfigError, match="CAGRA"):
            make(tmp_path / "dense", encoder=Unused(), kind="cagra").build()


def test_without_faiss_its_kinds_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("faiss")
    make(tmp_path / "dense", kind="hnsw").build()
    monkeypatch.setattr(index_module, "this_machine", lambda: vector_choice.Machine(faiss=False))
    with pytest.raises(MissingExtraError, match="dense"):
        make(tmp_path / "dense").search(["asthma"], k=1)


def test_the_choice_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    index = make(tmp_path / "dense")
    assert index.choice is None
    with caplog.at_level("INFO", logger="kgbuild"):
        index.build()
    if vector_choice.this_machine() == vector_choice.Machine():
        assert "index of 6 names: exact search on the processor (few vectors)" in caplog.text


@pytest.mark.parametrize("victim", ["vectors.npy", "names.arrow", "manifest.json"])
def test_damaged_index(tmp_path: Path, victim: str) -> None:
    make(tmp_path / "dense").build()
    path = tmp_path / "dense" / victim
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(VocabularyError, match="damaged"):
        make(tmp_path / "dense").search(["a"], k=1)


def test_manifest_of_another_number_of_rows(tmp_path: Path) -> None:
    make(tmp_path / "dense").build()
    path = tmp_path / "dense" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"rows": 3}))
    with pytest.raises(VocabularyError, match="damaged"):
        make(tmp_path / "dense").search(["a"], k=1)


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    class Failing(HashingEncoder):
        def encode(self, texts: object) -> np.ndarray:
            raise RuntimeError("no power")

    with pytest.raises(RuntimeError, match="no power"):
        make(tmp_path / "dense", encoder=Failing()).build()
    assert [p.name for p in tmp_path.iterdir()] == [".dense.lock"]
    (tmp_path / "file").write_text("")
    with pytest.raises(VocabularyError, match="can't be written"):
        make(tmp_path / "file" / "dense").build()


def test_half_an_index_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "dense").mkdir()
    (tmp_path / "dense" / "vectors.npy").write_bytes(b"")
    assert make(tmp_path / "dense").search(["asthma"], k=1)[0][0].name == "asthma"


def test_no_names(tmp_path: Path, engine: str) -> None:
    index = make(tmp_path / "dense", names=[])
    assert index.search(["asthma"], k=3) == [[]]
    assert make(tmp_path / "dense", names=[]).search(["asthma"], k=3) == [[]]


BUILDER = """
import sys
from kgbuild.normalizer.index import DenseIndex
from kgbuild.testing import HashingEncoder

class Telling(HashingEncoder):
    def encode(self, texts):
        print("encoded", flush=True)
        return super().encode(texts)

names = [("asthma", "A:1", "Disease")] * 3 + [(f"name {i}", "B:1", "Gene") for i in range(2000)]
index = DenseIndex(names, Telling(), folder=sys.argv[1], lexicon="one", kind=sys.argv[2])
index.build()
print(index.search(["asthma"], k=1)[0][0].curie)
"""


@pytest.mark.parametrize("kind", ["flat", "ivfpq"])
def test_two_processes_build_at_once(tmp_path: Path, kind: str) -> None:
    if kind != "flat":
        pytest.importorskip("faiss")
    command = [sys.executable, "-c", BUILDER, str(tmp_path / "dense"), kind]
    builders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [builder.communicate()[0].split() for builder in builders]
    assert [builder.returncode for builder in builders] == [0, 0, 0]
    assert [lines[-1] for lines in said] == ["A:1"] * 3
    # One encoded the names and its question, the others waited and encoded their questions.
    assert sorted(lines.count("encoded") for lines in said) == [1, 1, 2]
    assert sorted(p.name for p in tmp_path.iterdir()) == [".dense.lock", "dense"]


def test_a_builder_that_was_killed_holds_up_nobody(tmp_path: Path) -> None:
    code = BUILDER.replace('print("encoded", flush=True)', "print(1, flush=True); sys.stdin.read()")
    command = [sys.executable, "-c", code, str(tmp_path / "dense"), "flat"]
    builder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert builder.stdout is not None
    assert builder.stdout.readline() == b"1\n"
    assert list(tmp_path.glob(".dense.building-*"))
    builder.kill()
    builder.communicate()
    assert make(tmp_path / "dense").search(["asthma"], k=1)[0][0].name == "asthma"


def test_approximate_index_is_kept_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss")
    monkeypatch.setattr(vector_faiss, "FLAT_LIMIT", 50)
    monkeypatch.setattr(index_module, "_ENCODE", 64)
    names = [(f"name {i * i}", f"A:{i % 250}", "XY"[i % 2]) for i in range(500)]
    for kind in ("hnsw", "ivf", "ivfpq"):
        index = make(tmp_path / kind, names=names, kind=kind, encoder=HashingEncoder(dimension=32))
        found = index.search([text for text, _, _ in names], k=1)
        right = sum(best[0].name == name[0] for best, name in zip(found, names, strict=True))
        assert right > 475
        assert (tmp_path / kind / "index.faiss").is_file()
        assert index.choice is not None
        assert index.choice.kind == kind
        assert index.search(["name 4"], k=1, category="X")[0][0].name == "name 4"
