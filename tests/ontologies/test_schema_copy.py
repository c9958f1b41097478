from __future__ import annotations

from pathlib import Path

import pytest

from kgbuild.ontologies.schema import Schema
from kgbuild.ontologies.schema_build import copy_schema


@pytest.mark.parametrize("name", ["biomedical", "computer-science"])
def test_a_shipped_schema_is_referred_to(name: str, tmp_path: Path) -> None:
    copy_schema(name, tmp_path / "copy.yaml")
    copied, shipped = Schema.load(tmp_path / "copy.yaml"), Schema.load(name)
    assert set(copied.categories) == set(shipped.categories)
    assert set(copied.predicates) == set(shipped.predicates)
    assert copied.name == name


def test_a_copy_stands_for_a_file_with_a_base_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "base.yaml").write_text("name: base\nextends: biomedical\n")
    own = tmp_path / "a" / "own.yaml"
    own.write_text(
        "name: own\nextends: base.yaml\ncategories:\n  Comet:\n    curie: biolink:NamedThing\n"
    )
    copy_schema(own, tmp_path / "copy.yaml")
    assert "Comet" in Schema.load(tmp_path / "copy.yaml").categories
