from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from kgbuild.cli import app
from kgbuild.errors import ConfigError
from kgbuild.normalizer.encoder import shipped_encoder
from kgbuild.normalizer.reranking import Reranker
from kgbuild.training.ranking import train_ranking
from kgbuild.training.ranking_settings import RankingSettings

ORGANS = ["kidney", "liver", "lung", "heart", "brain", "skin", "bone", "muscle"]


def write_inputs(folder: Path) -> None:
    """Write diseases, plain and hereditary, and texts that say which of them is meant."""
    rows = ["id\tname\tcategory"]
    texts = []
    for number, organ in enumerate(ORGANS):
        rows += [f"D:{number}\t{organ} disease\tDisease"]
        rows += [f"H:{number}\thereditary {organ} disease\tDisease"]
        for inherited in (False, True):
            pmid = 100 + 2 * number + inherited
            title = f"The {organ} disorders of cats."
            more = "They are hereditary." if inherited else "They are frequent."
            start, name = 4, f"{organ} disorders"
            curie = f"{'H' if inherited else 'D'}:{number}"
            texts.append(
                f"{pmid}|t|{title}\n{pmid}|a|{more}\n"
                f"{pmid}\t{start}\t{start + len(name)}\t{name}\tDisease\t{curie}\n"
            )
    (folder / "names.tsv").write_text("\n".join(rows) + "\n", "utf-8")
    (folder / "train.txt").write_text("\n".join(texts[:12]), "utf-8")
    (folder / "dev.txt").write_text("\n".join(texts[12:]), "utf-8")


def settings(**more: object) -> RankingSettings:
    options: dict[str, object] = {
        "encoder": str(shipped_encoder()),
        "vocabularies": ["names.tsv"],
        "corpora": [{"name": "own", "training": ["train.txt"], "development": ["dev.txt"]}],
        "keep_for_ranking": 1,
    }
    return RankingSettings.model_validate(options | more)


def test_it_learns_that_a_name_may_not_bring_words_that_the_text_lacks(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    report = train_ranking(settings(), tmp_path / "out", beside=tmp_path)
    ranking = Reranker.open(report.file)
    assert ranking.similarity > 0
    assert ranking.words < 0 < ranking.words + ranking.said
    assert report.mentions == {"own": 12}
    assert report.right == {"own": (4, 2, 4)}


def test_the_command_writes_the_ranking_and_says_what_it_is_worth(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    options = settings(kinds=["H:"]).model_dump(by_alias=True)
    (tmp_path / "ranking.yaml").write_text(yaml.safe_dump(options), "utf-8")
    command = ["train", "ranking", str(tmp_path / "ranking.yaml"), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    told = " ".join(done.output.split())
    assert "own: of 4 development mentions 2 right by the nearest name, 4 by the ranking" in told
    assert set(Reranker.open(tmp_path / "out/ranking.json").kinds) == {"H:"}


def test_nothing_to_learn_from_is_told(tmp_path: Path) -> None:
    write_inputs(tmp_path)
    text = (
        (tmp_path / "train.txt").read_text("utf-8").replace("\tD:", "\tX:").replace("\tH:", "\tX:")
    )
    (tmp_path / "train.txt").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="nothing to learn a ranking from"):
        train_ranking(settings(), tmp_path / "out", beside=tmp_path)
