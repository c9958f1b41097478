"""Which index serves so many vectors on this machine: one pure function, and what it asks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

from kgbuild.errors import ConfigError, MissingExtraError

__all__ = [
    "FLAT_LIMIT",
    "Choice",
    "IndexKind",
    "Machine",
    "check_buildable",
    "choose_index",
    "this_machine",
]

IndexKind = Literal["flat", "hnsw", "ivf", "ivfpq", "cagra"]
Place = Literal["cpu", "gpu", "torch"]

FLAT_LIMIT = 200_000
"""Above so many vectors, approximate search on a processor is worth its build."""

_GPU_FLAT_LIMIT = 10_000_000
_RESIDENT = 1 << 30
"""Bytes of vectors that an index may hold in memory before they are compressed."""

_KINDS = {
    "flat": "exact search", "hnsw": "HNSW", "ivf": "inverted lists", "cagra": "CAGRA",
    "ivfpq": "inverted lists of compressed vectors",
}  # fmt: skip
_PLACES = {"cpu": "the processor", "gpu": "the GPU by FAISS", "torch": "the GPU by torch"}


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is to search with.

    Attributes:
        faiss: FAISS is installed.
        gpu_bytes: free memory of the first NVIDIA GPU; 0 where none can be used.
        faiss_gpu: FAISS is built for GPUs.
        cuvs: and with cuVS, which has CAGRA.
        torch_cuda: torch sees the GPU.
    """

    faiss: bool = True
    gpu_bytes: int = 0
    faiss_gpu: bool = False
    cuvs: bool = False
    torch_cuda: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind of index, where it is searched, and why."""

    kind: IndexKind
    place: Place
    reason: str

    def __str__(self) -> str:
        """Return it as a line for people.

        >>> print(choose_index(1000, 384, Machine()))
        exact search on the processor (few vectors)
        """
        return f"{_KINDS[self.kind]} on {_PLACES[self.place]} ({self.reason})"


def choose_index(count: int, dimension: int, machine: Machine, kind: str = "auto") -> Choice:
    """Return the index for ``count`` vectors of ``dimension`` numbers.

    On a GPU all vectors are compared while they take at most half of its memory and are no more
    than ten million; above that CAGRA where FAISS has it, else inverted lists. On a processor few
    vectors are compared exactly, more are put into inverted lists, and what would take more than
    1 GiB of memory is compressed.

    Args:
        count: how many vectors.
        dimension: of each.
        machine: what there is.
        kind: one of ``IndexKind``, which then decides only where it is searched; or auto.

    Raises:
        ConfigError: the kind is unknown.
        MissingExtraError: the kind needs FAISS, and FAISS is not installed.
    """
    if kind != "auto":
        return _asked(kind, machine)
    on_gpu = _on_gpu(count, dimension, machine)
    if on_gpu is not None:
        return on_gpu
    if not machine.faiss:
        return Choice("flat", "cpu", "FAISS is not installed")
    if count < FLAT_LIMIT:
        return Choice("flat", "cpu", "few vectors")
    if (2 * dimension + 8) * count <= _RESIDENT:
        return Choice("ivf", "cpu", "many vectors")
    return Choice("ivfpq", "cpu", "uncompressed they would take more than 1 GiB")


def _on_gpu(count: int, dimension: int, machine: Machine) -> Choice | None:
    """Return the index for a GPU, or None where there is none or its memory is too small."""
    if 2 * dimension * count > machine.gpu_bytes // 2:
        return None
    if machine.faiss_gpu and count > _GPU_FLAT_LIMIT:
        # Built from float32, with a graph of 64 neighbours each.
        is_roomy = (4 * dimension + 256) * count <= machine.gpu_bytes * 0.8
        return Choice("cagra" if machine.cuvs and is_roomy else "ivf", "gpu", "many vectors")
    if machine.faiss_gpu or machine.torch_cuda:
        place: Place = "gpu" if machine.faiss_gpu else "torch"
        return Choice("flat", place, "the vectors fit into its memory")
    return None


def _asked(kind: str, machine: Machine) -> Choice:
    known: IndexKind | None = next((k for k in get_args(IndexKind) if k == kind), None)
    if known is None:
        raise ConfigError(
            f"unknown kind of index {kind!r}: expected auto, {', '.join(get_args(IndexKind))}"
        )
    if known != "flat" and not machine.faiss:
        raise MissingExtraError("dense", needed_for=f"an index of kind {kind}")
    by_faiss = {"flat": machine.faiss_gpu, "ivf": machine.faiss_gpu, "cagra": machine.cuvs}
    if by_faiss.get(known):
        return Choice(known, "gpu", "as asked")
    if known == "flat" and machine.torch_cuda:
        return Choice(known, "torch", "as asked")
    return Choice(known, "cpu", "as asked")


def check_buildable(choice: Choice) -> None:
    """Raise a ConfigError where an index can be searched here but not built."""
    if choice.kind == "cagra" and choice.place != "gpu":
        raise ConfigError(
            "a CAGRA index is built on an NVIDIA GPU by FAISS with cuVS, and this machine lacks "
            "one of them: use another kind of index, or auto"
        )


@cache
def this_machine() -> Machine:
    """Look at the machine, once. Imports torch only where there may be a GPU."""
    if find_spec("faiss") is None:
        cuda_bytes = _cuda_bytes()
        return Machine(faiss=False, gpu_bytes=cuda_bytes, torch_cuda=cuda_bytes > 0)
    import faiss

    cuda_bytes = _cuda_bytes()
    return Machine(
        gpu_bytes=cuda_bytes,
        faiss_gpu=hasattr(faiss, "StandardGpuResources") and faiss.get_num_gpus() > 0,
        cuvs=hasattr(faiss, "GpuIndexCagra") and faiss.get_num_gpus() > 0,
        torch_cuda=cuda_bytes > 0,
    )


def _cuda_bytes() -> int:
    """Return the free memory of the first GPU that torch sees, or 0.

    Without torch a GPU's memory is unknown, and nothing is put there unasked.
    """
    may_be = os.name == "nt" or Path("/dev/nvidiactl").exists() or Path("/dev/dxg").exists()
    if not may_be or find_spec("torch") is None:
        return 0
    import torch

    return int(torch.cuda.mem_get_info()[0]) if torch.cuda.is_available() else 0
