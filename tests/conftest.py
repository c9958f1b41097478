from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from workspaces import SENTENCES, write

if TYPE_CHECKING:
    from neo4j_server import Server

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout; tests that need it skip without it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: it holds the real corpora and is never committed")
    return folder


@pytest.fixture(scope="session")
def example_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a build of examples/pubmed, shared: don't write into it."""
    from kgbuild.api import build_into
    from kgbuild.config import Config, GroundingConfig

    folder = tmp_path_factory.mktemp("example") / "graph"
    config = Config(grounding=GroundingConfig(dense="off"))
    build_into(folder, [ROOT / "examples" / "pubmed"], config=config)
    return folder


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, sentence in enumerate(SENTENCES):
        write(folder / f"{number}.jsonl", f"PMID:{number}", sentence)
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests, stopped at the end; its database holds what the last test left."""
    from neo4j_server import QUICK, Server

    from kgbuild.loaders.neo4j_server import LocalNeo4j

    home = tmp_path_factory.mktemp("neo4j")
    with LocalNeo4j(home, java=QUICK) as local:
        served = Server(local)
        try:
            yield served
        finally:
            served.driver.close()
