"""A small gold corpus, and a vocabulary that knows most of it."""

from __future__ import annotations

from pathlib import Path

from kgbuild.config import Config

GOLD = """101|t|Aspirin for heart attack.
101|a|Aspirin prevents heart attack. Aspirin causes gastric ulcer and asthma.
101\t0\t7\tAspirin\tChemical\tD001241
101\t12\t24\theart attack\tDisease\tD009203
101\t26\t33\tAspirin\tChemical\tD001241
101\t43\t55\theart attack\tDisease\tD009203
101\t57\t64\tAspirin\tChemical\tD001241
101\t72\t85\tgastric ulcer\tDisease\tD013276
101\t90\t96\tasthma\tDisease\tD001249
101\tCID\tD001241\tD013276
101\tCID\tD001241\tD001249

102|t|Metformin and lactic acidosis.
102|a|Metformin causes lactic acidosis <b>rarely</b>.
102\t0\t9\tMetformin\tChemical\tD008687
102\t14\t29\tlactic acidosis\tDisease\tD000140
102\t31\t40\tMetformin\tChemical\tD008687
102\t48\t63\tlactic acidosis\tDisease\tD000140
102\tCID\tD008687\tD000140
"""

VOCABULARY = """id\tname\tcategory\tsynonyms\txrefs
MESH:D001241\taspirin\tChemicalEntity\t\t
MESH:D008687\tmetformin\tChemicalEntity\t\t
MONDO:0005068\tmyocardial infarction\tDisease\theart attack\tMESH:D009203
MESH:D013276\tstomach ulcer\tDisease\tgastric ulcer\t
MESH:D001249\tasthma\tDisease\t\t
MESH:D000138\tacidosis\tDisease\t\t
"""


def configured(folder: Path) -> Config:
    """Return a configuration with this vocabulary, written into ``folder``."""
    path = folder / "names.tsv"
    path.write_text(VOCABULARY, "utf-8")
    return Config.model_validate(
        {
            "vocabularies": [str(path)],
            "grounding": {"dense": "off"},
            "stores": [],
            "recognizers": [{"type": "dictionary"}, {"type": "variants"}],
        }
    )
