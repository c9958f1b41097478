"""Load a graph in KGX's form into Neo4j by KGX's own sink, and print how many seconds it took.

    PYTHON_OF_A_VENV_WITH_KGX benchmarks/kgx_neo4j.py PREFIX ADDRESS USER PASSWORD

Needs `pip install kgx` only; neo4j_loading.py starts it.
"""

from __future__ import annotations

import sys
import time

import kgx_offline  # noqa: F401  before KGX
from kgx.transformer import Transformer


def main() -> None:
    prefix, address, user, password = sys.argv[1:]
    transformer = Transformer(stream=True)
    started = time.perf_counter()
    transformer.transform(
        {"filename": [f"{prefix}_nodes.jsonl", f"{prefix}_edges.jsonl"], "format": "jsonl"},
        {"format": "neo4j", "uri": address, "username": user, "password": password},
    )
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
