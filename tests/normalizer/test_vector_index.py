from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgbuild.errors import ConfigError, MissingExtraError, VocabularyError
from kgbuild.normalizer import vector_choice, vector_faiss, vector_flat, vector_torch
from kgbuild.normalizer.vector_choice import Choice, IndexKind, Machine, choose_index, this_machine
from kgbuild.normalizer.vector_index import (
    FaissIndex,
    FlatIndex,
    TorchIndex,
    VectorIndex,
    build_index,
    open_index,
)

GIB = 1 << 30


def random_unit(count: int, dimension: int = 32, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def exact(vectors: np.ndarray, queries: np.ndarray, k: int, first: int, last: int) -> np.ndarray:
    products = queries @ vectors[first:last].astype(np.float32).T
    return np.argsort(-products, axis=1, kind="stable")[:, :k] + first


def as_asked(kind: IndexKind) -> Choice:
    return Choice(kind, "cpu", "as asked")


@pytest.fixture(params=["faiss", "numpy", "torch"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[VectorIndex]:
    monkeypatch.setattr(vector_flat, "BLOCK", 300)
    monkeypatch.setattr(vector_torch, "BLOCK", 300)
    monkeypatch.setattr(vector_torch, "_QUERIES", 20)
    if request.param == "torch":
        pytest.importorskip("torch")
        return lambda vectors: TorchIndex(vectors, device="cpu")  # type: ignore[return-value]
    if request.param == "numpy":
        monkeypatch.setattr(vector_flat, "find_spec", lambda name: None)
    else:
        pytest.importorskip("faiss")
    return FlatIndex


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("rows", [None, (100, 900), (3, 4)])
def test_exact_search(engine: type[FlatIndex], dtype: str, rows: tuple[int, int] | None) -> None:
    vectors, queries = random_unit(1000).astype(dtype), random_unit(50, seed=1)
    first, last = rows or (0, 1000)
    k = min(10, last - first)
    scores, found = engine(vectors).search(queries, k=10, rows=rows)
    np.testing.assert_array_equal(found[:, :k], exact(vectors, queries, k, first, last))
    expected = np.take_along_axis(queries @ vectors.astype(np.float32).T, found[:, :k], axis=1)
    np.testing.assert_allclose(scores[:, :k], expected, atol=1e-6)
    assert (found[:, k:] == -1).all()
    assert np.isneginf(scores[:, k:]).all()
    assert engine(vectors).search(queries[:0], k=3)[1].shape == (0, 3)


@pytest.mark.parametrize("count", [300, 4000])
def test_equal_vectors_come_in_order_of_row(count: int) -> None:
    # small whole numbers: products are exact, however a processor adds them up, and often equal
    draw = np.random.default_rng(0)
    vectors = draw.integers(-4, 5, (count, 32)).astype(np.float32)
    queries = draw.integers(-4, 5, (2 * vector_flat._QUERIES + 1, 32)).astype(np.float32)
    vectors[[7, count // 2, count - 1]] = queries[0]
    for k in (1, 2, 10):
        scores, found = FlatIndex(vectors).search(queries, k=k)
        assert found[0, :3].tolist() == [7, count // 2, count - 1][:k]
        assert set(scores[0, :3].tolist()) == {float(queries[0] @ queries[0])}
        np.testing.assert_array_equal(found, exact(vectors, queries, k, 0, count))


def test_queries_are_checked(engine: type[FlatIndex]) -> None:
    index = engine(random_unit(10))
    with pytest.raises(ValueError, match=r"\(n, 32\)"):
        index.search(random_unit(1, dimension=8), k=1)
    with pytest.raises(ValueError, match="at least 1"):
        index.search(random_unit(1), k=0)


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
    monkeypatch.setattr(vector_flat, "BLOCK", 300)
    vector_flat.gpu_resources.cache_clear()
    vectors = random_unit(1000)
    _, found = FlatIndex(vectors).search(vectors[:5], k=1)
    FlatIndex(vectors).search(vectors[:5], k=1)
    vector_flat.gpu_resources.cache_clear()
    assert found[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert len(taken) == 1


@pytest.mark.parametrize("kind", ["hnsw", "ivf", "ivfpq"])
def test_faiss_finds_nearly_all(
    kind: IndexKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("faiss")
    monkeypatch.setattr(vector_faiss, "FLAT_LIMIT", 500)
    monkeypatch.setattr(vector_faiss, "_QUERIES", 30)
    vectors = random_unit(4000)
    queries = random_unit(100, seed=1)
    built = build_index(vectors, as_asked(kind))
    assert isinstance(built, FaissIndex)
    path = tmp_path / "index.faiss"
    built.save(path)
    loaded = open_index(path, vectors, as_asked(kind))
    assert isinstance(loaded, FaissIndex)
    for index in (built, loaded):
        for rows in (None, (1000, 3000), (10, 60)):
            first, last = rows or (0, 4000)
            scores, found = index.search(queries, k=10, rows=rows)
            expected = exact(vectors, queries, 10, first, last)
            hits = [len(set(a) & set(b)) for a, b in zip(found, expected, strict=True)]
            assert sum(hits) / 1000 > 0.9
            assert found.min() >= first
            assert found.max() < last
            products = np.take_along_axis(queries @ vectors.T, found, axis=1)
            np.testing.assert_allclose(scores, products, atol=2e-3)
            assert (np.diff(scores, axis=1) <= 0).all()
    with pytest.raises(VocabularyError, match="4000 vectors"):
        FaissIndex.load(path, vectors[:10])
    path.write_bytes(b"nonsense")
    with pytest.raises(VocabularyError, match="not a FAISS index"):
        FaissIndex.load(path, vectors)


def test_compressed_lists_are_small_and_give_whole_scores(tmp_path: Path) -> None:
    pytest.importorskip("faiss")
    vectors = random_unit(3000, dimension=64).astype(np.float16)
    whole, small = (FaissIndex.build(vectors, as_asked(kind)) for kind in ("ivf", "ivfpq"))
    for name, index in (("ivf", whole), ("ivfpq", small)):
        index.save(tmp_path / name)
    assert (tmp_path / "ivfpq").stat().st_size < 0.5 * (tmp_path / "ivf").stat().st_size
    scores, found = small.search(vectors[:200].astype(np.float32), k=3)
    assert found[:, 0].tolist() == list(range(200))
    np.testing.assert_allclose(scores[:, 0], 1, atol=1e-3)
    assert small.search(vectors[:2].astype(np.float32), k=3000)[0].shape == (2, 3000)


def test_more_neighbours_than_rows(tmp_path: Path) -> None:
    pytest.importorskip("faiss")
    vectors = random_unit(60)
    for kind in ("hnsw", "ivf", "ivfpq"):
        scores, found = FaissIndex.build(vectors, as_asked(kind)).search(vectors[:4], k=70)
        assert (found[:, 60:] == -1).all()
        assert np.isneginf(scores[found < 0]).all()
        assert found[:, 0].tolist() == [0, 1, 2, 3]


GPU = Machine(gpu_bytes=80 * GIB, faiss_gpu=True, cuvs=True, torch_cuda=True)
NO_CUVS = Machine(gpu_bytes=80 * GIB, faiss_gpu=True)
TORCH = Machine(gpu_bytes=80 * GIB, torch_cuda=True)


@pytest.mark.parametrize(
    ("count", "dimension", "machine", "kind", "place"),
    [
        (199_999, 384, Machine(), "flat", "cpu"),
        (200_000, 384, Machine(), "ivf", "cpu"),
        (1_000_000, 384, Machine(), "ivf", "cpu"),
        (1_500_000, 384, Machine(), "ivfpq", "cpu"),
        (10_000_000, 384, Machine(), "ivfpq", "cpu"),
        (10_000_000, 32, Machine(), "ivf", "cpu"),
        (10_000_000, 384, Machine(faiss=False), "flat", "cpu"),
        (10_000_000, 384, GPU, "flat", "gpu"),
        (20_000_000, 384, GPU, "cagra", "gpu"),
        (20_000_000, 384, NO_CUVS, "ivf", "gpu"),
        (50_000_000, 384, GPU, "ivf", "gpu"),
        (100_000_000, 384, GPU, "ivfpq", "cpu"),
        (20_000_000, 384, TORCH, "flat", "torch"),
        (20_000_000, 384, Machine(faiss=False, gpu_bytes=80 * GIB, torch_cuda=True),
         "flat", "torch"),
        (100_000_000, 384, TORCH, "ivfpq", "cpu"),
        (10_000_000, 384, Machine(gpu_bytes=8 * GIB, faiss_gpu=True), "ivfpq", "cpu"),
        (0, 384, Machine(), "flat", "cpu"),
    ],
)  # fmt: skip
def test_choice(count: int, dimension: int, machine: Machine, kind: str, place: str) -> None:
    choice = choose_index(count, dimension, machine)
    assert (choice.kind, choice.place) == (kind, place)


@given(
    st.integers(0, 10**9),
    st.integers(1, 4096),
    st.builds(
        Machine,
        faiss=st.booleans(),
        gpu_bytes=st.integers(0, 200 * GIB),
        torch_cuda=st.booleans(),
    ),
)
@settings(max_examples=200, deadline=None)
def test_a_choice_never_asks_for_what_is_not_there(
    count: int, dimension: int, machine: Machine
) -> None:
    choice = choose_index(count, dimension, machine)
    assert choice.place != "gpu"
    assert choice.place == "cpu" or 2 * dimension * count <= machine.gpu_bytes / 2
    assert machine.faiss or choice.kind == "flat"
    assert choice.place == "cpu" or machine.torch_cuda
    if choice.kind == "ivf":
        assert (2 * dimension + 8) * count <= GIB


def test_asked_kinds() -> None:
    for kind in get_args(IndexKind):
        assert choose_index(10, 8, Machine(), kind) == as_asked(kind)
    on_gpu = {kind: choose_index(10, 8, GPU, kind).place for kind in get_args(IndexKind)}
    assert on_gpu == {"flat": "gpu", "hnsw": "cpu", "ivf": "gpu", "ivfpq": "cpu", "cagra": "gpu"}
    assert choose_index(10, 8, TORCH, "flat").place == "torch"
    with pytest.raises(ConfigError, match="expected auto, flat, hnsw, ivf, ivfpq, cagra"):
        choose_index(10, 8, Machine(), "annoy")
    with pytest.raises(MissingExtraError, match="dense"):
        choose_index(10, 8, Machine(faiss=False), "hnsw")


def test_cagra_needs_a_gpu() -> None:
    with pytest.raises(ConfigError, match="CAGRA index is built on an NVIDIA GPU"):
        build_index(random_unit(100), as_asked("cagra"))


def test_this_machine_agrees_with_its_libraries() -> None:
    machine = this_machine()
    faiss = pytest.importorskip("faiss")
    assert machine.faiss
    assert machine.faiss_gpu == (faiss.get_num_gpus() > 0)
    assert machine.torch_cuda == (machine.gpu_bytes > 0)
    if not machine.faiss_gpu:
        assert not machine.cuvs
        vectors = random_unit(100)
        assert isinstance(build_index(vectors), FlatIndex)


@pytest.mark.parametrize("kind", ["flat", "ivf", "cagra"])
def test_on_a_gpu(kind: IndexKind, tmp_path: Path) -> None:
    machine = this_machine()
    if not (machine.cuvs if kind == "cagra" else machine.faiss_gpu):
        pytest.skip(f"no GPU, or a FAISS that can't build {kind} on it")
    vectors, queries = random_unit(20_000), random_unit(100, seed=1)
    choice = choose_index(20_000, 32, machine, kind)
    built = build_index(vectors, choice)
    assert isinstance(built, FaissIndex)
    built.save(tmp_path / "index.faiss")
    for index in (built, open_index(tmp_path / "index.faiss", vectors, choice)):
        for rows in (None, (1000, 9000)):
            _, found = index.search(queries, k=10, rows=rows)
            expected = exact(vectors, queries, 10, *(rows or (0, 20_000)))
            hits = [len(set(a) & set(b)) for a, b in zip(found, expected, strict=True)]
            assert sum(hits) / 1000 > 0.9


def test_torch_on_a_gpu() -> None:
    if not this_machine().torch_cuda:
        pytest.skip("torch sees no GPU")
    vectors, queries = random_unit(20_000).astype(np.float16), random_unit(100, seed=1)
    _, found = TorchIndex(vectors).search(queries, k=10)
    assert (found == exact(vectors, queries, 10, 0, 20_000)).mean() > 0.99


def test_the_choice_can_be_read() -> None:
    text = str(choose_index(10_000_000, 384, vector_choice.Machine()))
    assert text == (
        "inverted lists of compressed vectors on the processor "
        "(uncompressed they would take more than 1 GiB)"
    )
