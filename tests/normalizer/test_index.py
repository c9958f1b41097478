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
from kgbuild.normalizer import vector_index
from kgbuild.normalizer.index import DenseIndex
from kgbuild.normalizer.vector_index import FaissIndex, FlatIndex, build_index, choose_kind
from kgbuild.testing import HashingEncoder

NAMES = [
    ("asthma", "MONDO:0004979", "Disease"),
    ("bronchial asthma", "MONDO:0004979", "Disease"),
    ("renal failure", "MONDO:0001106", "Disease"),
    ("asthma", "HP:0002099", "PhenotypicFeature"),
    ("aspirin", "CHEBI:15365", "ChemicalEntity"),
    ("acetylsalicylic acid", "CHEBI:15365", "ChemicalEntity"),
]


def random_unit(count: int, dimension: int = 32, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def exact(vectors: np.ndarray, queries: np.ndarray, k: int, first: int, last: int) -> np.ndarray:
    products = queries @ vectors[first:last].astype(np.float32).T
    return np.argsort(-products, axis=1, kind="stable")[:, :k] + first


@pytest.fixture(params=["faiss", "numpy"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "numpy":
        monkeypatch.setattr(vector_index, "find_spec", lambda name: None)
    else:
        pytest.importorskip("faiss")
    return str(request.param)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("rows", [None, (100, 900), (3, 4)])
def test_flat_is_exact(
    engine: str, dtype: str, rows: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "_BLOCK", 300)
    vectors, queries = random_unit(1000).astype(dtype), random_unit(50, seed=1)
    first, last = rows or (0, 1000)
    k = min(10, last - first)
    scores, found = FlatIndex(vectors).search(queries, k=10, rows=rows)
    np.testing.assert_array_equal(found[:, :k], exact(vectors, queries, k, first, last))
    assert (found[:, k:] == -1).all()
    assert (np.diff(scores[:, :k], axis=1) <= 0).all()
    assert np.isneginf(scores[:, k:]).all()


def test_a_process_takes_a_gpus_memory_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no GPU, faiss does on the processor what it is asked for a GPU."""
    faiss = pytest.importorskip("faiss")
    taken = []

    def search(resources: object, *arguments: object, **options: object) -> object:
        assert resources is taken[0]
        return faiss.knn(*arguments, **options)

    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 1)
    monkeypatch.setattr(
        faiss, "StandardGpuResources", lambda: taken.append(object()) or taken[-1], raising=False
    )
    monkeypatch.setattr(faiss, "knn_gpu", search, raising=False)
    monkeypatch.setattr(vector_index, "_BLOCK", 300)
    vector_index._gpu_resources.cache_clear()
    vectors = random_unit(1000)
    _, found = FlatIndex(vectors).search(vectors[:5], k=1)
    FlatIndex(vectors).search(vectors[:5], k=1)
    vector_index._gpu_resources.cache_clear()
    assert found[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert len(taken) == 1


def test_queries_are_checked(engine: str) -> None:
    index = FlatIndex(random_unit(10))
    with pytest.raises(ValueError, match=r"\(n, 32\)"):
        index.search(random_unit(1, dimension=8), k=1)
    with pytest.raises(ValueError, match="at least 1"):
        index.search(random_unit(1), k=0)


@pytest.mark.parametrize("kind", ["hnsw", "ivf"])
def test_faiss_finds_nearly_all(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss")
    monkeypatch.setattr(vector_index, "FLAT_LIMIT", 500)
    vectors = random_unit(4000)
    queries = random_unit(100, seed=1)
    built = build_index(vectors, kind=kind)
    assert isinstance(built, FaissIndex)
    built.save(tmp_path / "index.faiss")
    loaded = FaissIndex.load(tmp_path / "index.faiss", vectors)
    for index in (built, loaded):
        for rows in (None, (1000, 3000), (10, 60)):
            first, last = rows or (0, 4000)
            _, found = index.search(queries, k=10, rows=rows)
            expected = exact(vectors, queries, 10, first, last)
            hits = [len(set(a) & set(b)) for a, b in zip(found, expected, strict=True)]
            assert sum(hits) / 1000 > 0.9
            assert found.min() >= first
            assert found.max() < last
    with pytest.raises(VocabularyError, match="4000 vectors"):
        FaissIndex.load(tmp_path / "index.faiss", vectors[:10])
    (tmp_path / "bad.faiss").write_bytes(b"nonsense")
    with pytest.raises(VocabularyError, match="not a FAISS index"):
        FaissIndex.load(tmp_path / "bad.faiss", vectors)


def test_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_kind(10) == "flat"
    with pytest.raises(ConfigError, match="expected auto, flat, hnsw or ivf"):
        choose_kind(10, "annoy")
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingExtraError, match="dense"):
        build_index(random_unit(10), kind="hnsw")


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
    assert [p.name for p in tmp_path.iterdir()] == ["dense"]


def test_an_index_of_other_making_is_refused(tmp_path: Path) -> None:
    make(tmp_path / "dense").build()
    with pytest.raises(VocabularyError, match="another lexicon"):
        make(tmp_path / "dense", lexicon="two").search(["a"], k=1)
    other = make(tmp_path / "dense", encoder=HashingEncoder(seed=1))
    with pytest.raises(VocabularyError, match="another encoder"):
        other.search(["a"], k=1)
    other.build(replace=True)
    assert other.search(["asthma"], k=1)[0][0].score == pytest.approx(1, abs=1e-3)


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
    assert list(tmp_path.iterdir()) == []
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
names = [("asthma", "A:1", "Disease")] * 3 + [(f"name {i}", "B:1", "Gene") for i in range(2000)]
DenseIndex(names, HashingEncoder(), folder=sys.argv[1], lexicon="one").build()
"""


def test_two_processes_build_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BUILDER, str(tmp_path / "dense")]
    builders = [subprocess.Popen(command) for _ in range(2)]
    assert [builder.wait() for builder in builders] == [0, 0]
    assert [p.name for p in tmp_path.iterdir()] == ["dense"]
    assert make(tmp_path / "dense").search(["asthma"], k=1)[0][0].curie == "A:1"


def test_approximate_index_is_kept_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss")
    monkeypatch.setattr(vector_index, "FLAT_LIMIT", 50)
    monkeypatch.setattr(index_module, "_ENCODE", 64)
    names = [(f"name {i * i}", f"A:{i % 250}", "XY"[i % 2]) for i in range(500)]
    for kind in ("hnsw", "ivf"):
        index = make(tmp_path / kind, names=names, kind=kind, encoder=HashingEncoder(dimension=32))
        found = index.search([text for text, _, _ in names], k=1)
        right = sum(best[0].name == name[0] for best, name in zip(found, names, strict=True))
        assert right > 475
        assert (tmp_path / kind / "index.faiss").is_file()
        assert index.search(["name 4"], k=1, category="X")[0][0].name == "name 4"
