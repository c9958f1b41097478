"""Load a graph in KGX's form into Neo4j by KGX's own sink, and print how many seconds it took.

    PYTHON_OF_A_VENV_WITH_KGX benchmarks/kgx_neo4j.py PREFIX ADDRESS USER PASSWORD

Needs `pip install kgx` only; neo4j_loading.py starts it. KGX fetches Biolink's model and prefixes
from the network; here they are those of the package biolink-model, which KGX depends on.
"""

from __future__ import annotations

import sys
import time
from importlib.resources import files

import bmt
import yaml
from kgx import config

MODEL = files("biolink_model") / "schema" / "biolink_model.yaml"
bmt.Toolkit.__init__.__defaults__ = (str(MODEL), {"predicate mappings": []})
PREFIXES = yaml.safe_load(MODEL.read_text("utf-8"))["prefixes"]
for name in config.get_config()["jsonld-context"]:
    config.jsonld_context_map[name] = {"@context": PREFIXES}

from kgx.transformer import Transformer  # noqa: E402  it makes a toolkit when imported


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
