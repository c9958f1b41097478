from __future__ import annotations

from pathlib import Path

import pytest

from kgbuild.errors import InputError
from kgbuild.evaluation.reliability import Judged, ScoreBin, reliability
from kgbuild.evaluation.reliability_picture import save_reliability

JUDGED = [
    Judged("dense", 0.76, True),
    Judged("dense", 0.78, True),
    Judged("dense", 0.79, False),
    Judged("dense", 0.80, True),
    Judged("exact", 1.0, True),
    Judged("normalized", 0.95, False),
    Judged("abbreviation", 0.97, True),
]


def test_bins_by_hand() -> None:
    equal, similar = reliability(JUDGED)
    assert (equal.name, equal.mentions) == ("equal names", 3)
    assert equal.bins == (ScoreBin(0.9733, 3, 2),)
    assert similar.bins == (ScoreBin(0.7767, 3, 2), ScoreBin(0.8, 1, 1))
    assert similar.bins[0].share == pytest.approx(2 / 3)
    assert similar.error == pytest.approx((3 * (0.7767 - 2 / 3) + 0.2) / 4)


def test_nothing_judged_gives_nothing() -> None:
    assert reliability([]) == []


def test_the_diagram_is_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "reliability.png"
    save_reliability(reliability(JUDGED), path)
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match="no picture format"):
        save_reliability(reliability(JUDGED), tmp_path / "reliability.exe")
    with pytest.raises(InputError, match="no reliability to draw"):
        save_reliability([], path)
