"""KGX without the network, from which it fetches Biolink's model and prefixes when imported.

The model is taken from the package biolink-model, prefixes from it and prefixmaps; KGX depends
on both. Import this before kgx.
"""

from __future__ import annotations

from importlib.resources import files

import bmt
import yaml
from kgx import config
from prefixmaps import load_context

__all__: list[str] = []

_MODEL = files("biolink_model") / "schema" / "biolink_model.yaml"
bmt.Toolkit.__init__.__defaults__ = (str(_MODEL), {"predicate mappings": []})
_KNOWN = load_context("merged").as_dict()
_PREFIXES = _KNOWN | yaml.safe_load(_MODEL.read_text("utf-8"))["prefixes"]
for name in config.get_config()["jsonld-context"]:
    config.jsonld_context_map[name] = _PREFIXES
