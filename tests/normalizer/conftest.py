from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from small_vocabularies import GENES, MESH, MONDO, Words

from kgbuild.normalizer.build import build_lexicon
from kgbuild.normalizer.lexicon import Lexicon
from kgbuild.ontologies.schema import Schema
from kgbuild.records import Term


@pytest.fixture(scope="session")
def schema() -> Schema:
    return Schema.load("biomedical")


@pytest.fixture(scope="session")
def make_lexicon(
    schema: Schema, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Lexicon]:
    def make(*vocabularies: Words | Sequence[Term]) -> Lexicon:
        folder: Path = tmp_path_factory.mktemp("lexicon")
        named = [v if isinstance(v, Words) else Words("v", tuple(v)) for v in vocabularies]
        build_lexicon(named, folder, schema=schema)
        return Lexicon.open(folder)

    return make


@pytest.fixture(scope="session")
def lexicon(make_lexicon: Callable[..., Lexicon]) -> Lexicon:
    return make_lexicon(MESH, GENES, MONDO)
