"""Real servers that are too old, for everything or for vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from neo4j_server import QUICK

from kgbuild.errors import StoreError
from kgbuild.loaders.neo4j import load_neo4j
from kgbuild.loaders.neo4j_server import LocalNeo4j, install
from kgbuild.loaders.targets import TargetOptions
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables
from kgbuild.testing import HashingEncoder

VERSION = "4.4.45"
WITHOUT_VECTORS = "5.13.0"


class OldNeo4j(LocalNeo4j):
    """One whose settings have the names of Neo4j 4, and that lets everybody in."""

    def _prepare(self) -> str:
        conf = self.home / "conf"
        conf.mkdir(parents=True)
        settings = {
            "dbms.default_listen_address": "127.0.0.1",
            "dbms.connector.bolt.listen_address": f"127.0.0.1:{self.bolt}",
            "dbms.connector.bolt.advertised_address": f"127.0.0.1:{self.bolt}",
            "dbms.connector.http.listen_address": f"127.0.0.1:{self.http}",
            "dbms.connector.https.enabled": "false",
            "dbms.security.auth_enabled": "false",
        }
        lines = [f"{name}={value}\n" for name, value in settings.items()]
        (conf / "neo4j.conf").write_text("".join(lines))
        return ""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldNeo4j]:
    java = (*QUICK, "--add-opens=java.base/java.lang=ALL-UNNAMED")
    home = tmp_path_factory.mktemp("old")
    with OldNeo4j(home, java=java, jars=install(version=VERSION)) as server:
        yield server


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_a_server_that_is_too_old_is_told(
    scheme: str, old: OldNeo4j, example: GraphTables, schema: Schema
) -> None:
    address = old.address.replace("bolt", scheme)
    said = f"{address} is Neo4j {VERSION}; kgbuild needs Neo4j 5.7 or newer: update the server"
    with pytest.raises(StoreError, match=said):
        load_neo4j(example, address, schema=schema, options=TargetOptions(user="neo4j"))


def test_vectors_of_a_server_that_is_too_old_for_them_are_refused(
    tmp_path: Path, example: GraphTables, schema: Schema
) -> None:
    jars = install(version=WITHOUT_VECTORS)
    # one setting of ours is newer than that version
    settings = {"server.config.strict_validation.enabled": "false"}
    with LocalNeo4j(tmp_path / "home", settings=settings, java=QUICK, jars=jars) as server:
        login = TargetOptions(user=server.user, password=server.password)
        said = f"the server is Neo4j {WITHOUT_VECTORS}; vectors need Neo4j 5.15 or newer"
        with pytest.raises(StoreError, match=said):
            load_neo4j(
                example, server.address, schema=schema,
                options=replace(login, vectors=HashingEncoder(dimension=8)),
            )  # fmt: skip
        loaded = load_neo4j(example, server.address, schema=schema, options=login)
    assert loaded.rows["entities"] == example.count("entities")
