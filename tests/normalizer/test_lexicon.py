from __future__ import annotations

import json
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from small_vocabularies import GENES, MESH, MONDO, Words, term

from kgbuild.errors import VocabularyError
from kgbuild.normalizer.build import build_lexicon
from kgbuild.normalizer.lexicon import MANIFEST, Lexicon
from kgbuild.ontologies.schema import Schema
from kgbuild.records import Failure


def test_every_name_is_found_with_scope_and_source(lexicon):
    entries = lexicon.lookup("acetylsalicylic acids")
    assert [(e.curie, e.name, e.category, e.scope, e.vocabulary) for e in entries] == [
        ("MESH:D001241", "Aspirin", "ChemicalEntity", "exact", "mesh")
    ]
    assert lexicon.lookup("asa")[0].scope == "abbreviation"
    assert lexicon.lookup("nothing of the kind") == ()
    assert lexicon.lookup("") == ()


def test_lookup_keeps_to_a_category(lexicon):
    assert {e.category for e in lexicon.lookup("aspirin", category="ChemicalEntity")} == {
        "ChemicalEntity"
    }
    assert lexicon.lookup("aspirin", category="Gene") == ()


def test_inverted_names_are_found_in_natural_order(lexicon):
    entries = lexicon.lookup("breast neoplasm")
    assert entries[0].curie == "MESH:D001943"
    assert lexicon.lookup("type 2 diabetes mellitus")[0].curie == "MONDO:0005148"


def test_terms_come_back_whole(lexicon):
    assert lexicon.term("MESH:D001241") == MESH.items[0]
    assert lexicon.term("MONDO:0007254") == MONDO.items[0]
    assert lexicon.label("HGNC:1516") == ("CAT", "Gene")
    assert lexicon.label("HGNC:0") is None
    assert "HGNC:1516" in lexicon
    assert "HGNC:15" not in lexicon
    with pytest.raises(KeyError, match="HGNC:0"):
        lexicon.term("HGNC:0")


def test_scan_gives_places_in_the_original_text(lexicon):
    text = "Café: TNF-α, Interleukin-2; the β of breast cancers."
    hits = {(text[h.start : h.end], lexicon.key(h.key)) for h in lexicon.scan(text)}
    assert ("TNF-α", " tnf alpha ") in hits
    assert ("Interleukin-2", " interleukin 2 ") in hits
    assert ("breast cancers", " breast cancer ") in hits
    assert lexicon.scan("") == []


def test_building_twice_does_nothing_the_second_time(tmp_path, schema):
    first = build_lexicon([MESH, GENES], tmp_path / "lexicon", schema=schema)
    second = build_lexicon([GENES, MESH], tmp_path / "lexicon", schema=schema)
    assert (first.built, second.built) == (True, False)
    assert first.fingerprint == second.fingerprint
    assert (second.terms, second.names, second.keys) == (first.terms, first.names, first.keys)


def test_a_change_builds_again_and_readers_keep_what_they_opened(tmp_path, schema):
    build_lexicon([MESH], tmp_path, schema=schema)
    before = Lexicon.open(tmp_path)
    report = build_lexicon([MESH, GENES], tmp_path, schema=schema)
    assert report.built
    assert before.lookup("aspirin")
    assert not before.lookup("CAT")
    assert Lexicon.open(tmp_path).lookup("CAT")
    assert len(list(tmp_path.glob("data-*"))) == 1


def test_the_order_of_vocabularies_does_not_matter(make_lexicon):
    one, other = make_lexicon(MESH, GENES, MONDO), make_lexicon(MONDO, GENES, MESH)
    text = "Breast cancer, type II diabetes mellitus, IL-2, CAT and aspirin in disease."
    assert one.scan(text) == other.scan(text)
    for hit in one.scan(text):
        assert one.names(hit.key) == other.names(hit.key)


def test_a_lost_file_is_built_again(tmp_path, schema):
    build_lexicon([MESH], tmp_path, schema=schema)
    next(tmp_path.glob("data-*/names.arrow")).unlink()
    with pytest.raises(VocabularyError, match=r"names\.arrow"):
        Lexicon.open(tmp_path)
    assert build_lexicon([MESH], tmp_path, schema=schema).built
    assert Lexicon.open(tmp_path).lookup("aspirin")
    lost = next(tmp_path.glob("data-*/names.arrow"))
    lost.write_bytes(lost.read_bytes()[:-1])
    assert build_lexicon([MESH], tmp_path, schema=schema).built
    lost = next(tmp_path.glob("data-*/names.arrow"))
    lost.unlink()
    lost.mkdir()
    assert build_lexicon([MESH], tmp_path, schema=schema).built


def test_another_version_builds_again(tmp_path, schema, monkeypatch):
    build_lexicon([MESH], tmp_path, schema=schema)
    monkeypatch.setattr("kgbuild.__version__", "999.0")
    assert build_lexicon([MESH], tmp_path, schema=schema).built
    assert not build_lexicon([MESH], tmp_path, schema=schema).built


def test_a_damaged_file_is_refused_with_the_cure(tmp_path, schema):
    build_lexicon([MESH], tmp_path, schema=schema)
    path = next(tmp_path.glob("data-*/names.arrow"))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(VocabularyError, match="build it again"):
        Lexicon.open(tmp_path)


def test_another_format_is_refused_with_the_cure(tmp_path, schema):
    build_lexicon([MESH], tmp_path, schema=schema)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    manifest["format"] = 0
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(VocabularyError, match=r"format 0\.\d.*build it again"):
        Lexicon.open(tmp_path)
    assert build_lexicon([MESH], tmp_path, schema=schema).built


@pytest.mark.parametrize("content", [None, "", "[]", "{not json"])
def test_a_folder_without_a_lexicon_says_so(tmp_path, content):
    if content is not None:
        (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(VocabularyError, match="build it again"):
        Lexicon.open(tmp_path)


def test_what_is_wrong_with_a_vocabulary_is_reported(tmp_path, schema):
    words = Words(
        "odd",
        (
            term("X:1", "one thing", "Disease", parents=("X:2",)),
            term("X:2", "two things", "Disease", parents=("X:3",)),
            term("X:3", "three things", "Disease", parents=("X:1",)),
            term("X:4", "four things", "Disease", parents=("X:1",)),
            term("X:1", "one again", "Disease"),
            term("X:5", "five", "NoSuchCategory"),
            term("X:6", "  ", "Disease"),
            Failure("odd.tsv", "vocabulary", "expected 2 columns", place="line 9"),
        ),
    )
    report = build_lexicon([words], tmp_path, schema=schema)
    assert report.cycles == (("X:1", "X:2", "X:3"),)
    assert report.duplicates == 1
    assert report.terms == 4
    reasons = {f.place: f.reason for f in report.failures}
    assert set(reasons) == {"X:1", "X:5", "X:6", "line 9"}
    assert "NoSuchCategory" in reasons["X:5"]
    assert report.failure_count == 4
    assert Lexicon.open(tmp_path).lookup("one again")[0].curie == "X:1"
    assert build_lexicon([words], tmp_path, schema=schema).failures == report.failures


def test_obsolete_names_lead_to_the_successor_or_nowhere(make_lexicon, schema, tmp_path):
    terms = [
        term("X:1", "old name", "Disease", obsolete=True, replaced_by="X:2"),
        term("X:2", "newer name", "Disease", obsolete=True, replaced_by="X:3"),
        term("X:3", "newest name", "Disease"),
        term("X:4", "forgotten name", "Disease", obsolete=True),
        term("X:5", "circular name", "Disease", obsolete=True, replaced_by="X:6"),
        term("X:6", "circular too", "Disease", obsolete=True, replaced_by="X:5"),
    ]
    lexicon = make_lexicon(terms)
    assert {e.curie for e in lexicon.lookup("old name")} == {"X:3"}
    assert {e.curie for e in lexicon.lookup("newer name")} == {"X:3"}
    assert lexicon.lookup("forgotten name") == ()
    assert lexicon.lookup("circular name") == ()
    assert lexicon.term("X:1").replaced_by == "X:2"
    report = build_lexicon([Words("v", tuple(terms))], tmp_path, schema=schema)
    assert (report.obsolete, report.dropped) == (5, 3)


def test_an_empty_vocabulary_gives_an_empty_lexicon(make_lexicon):
    lexicon = make_lexicon([])
    assert len(lexicon) == 0
    assert lexicon.lookup("aspirin") == ()
    assert lexicon.scan("aspirin") == []
    assert lexicon.find("aspirin") == []


def test_find_is_for_people(lexicon):
    assert lexicon.find("aspirin")[0][0].id == "MESH:D001241"
    assert lexicon.find("asprin")[0][0].id == "MESH:D001241"
    assert lexicon.find("diabetes")[0][0].id in {"MESH:D003924", "MESH:D003922"}
    assert [e.text for e in lexicon.search_prefix("multiple")] == ["Multiple Sclerosis"]
    assert len(lexicon.find("a", limit=2)) <= 2


def _build(folder: str) -> bool:
    return build_lexicon([MESH, GENES], Path(folder), schema=Schema.load()).built


def test_two_processes_build_one_lexicon(tmp_path):
    with ProcessPoolExecutor(2) as pool:
        built = list(pool.map(_build, [str(tmp_path)] * 4))
    assert sum(built) == 1
    assert Lexicon.open(tmp_path).lookup("aspirin")


def test_a_lexicon_travels_to_another_process_as_its_folder(lexicon):
    data = pickle.dumps(lexicon)
    assert len(data) < 1000
    assert pickle.loads(data).lookup("aspirin") == lexicon.lookup("aspirin")


def test_a_killed_build_leaves_the_former_lexicon(tmp_path, schema):
    build_lexicon([MESH], tmp_path, schema=schema)

    class Broken(Words):
        def terms(self):
            yield from GENES.items
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_lexicon([Broken("broken", GENES.items)], tmp_path, schema=schema)
    assert Lexicon.open(tmp_path).lookup("aspirin")
    assert not list(tmp_path.glob(".building-*"))
