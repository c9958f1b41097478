"""Accuracy of grounding on gold mentions of NCBI-disease and BC5CDR (development splits).

The dictionary is MEDIC of July 2012 with MeSH's parents; `kgbuild evaluate` is the ruler, without
training mentions, and with `--train` a second time with those of the training split.
"By name" is what BioSyn counts: a candidate stands for every term that has its name.
Each encoder has two rows, the second where no name is encoded beforehand; "names" looks up names
alone, "n-grams" what is written alike, too.

    python benchmarks/linking.py [--encoder FOLDER]... [--train] [--pictures FOLDER]
    python benchmarks/linking.py --medic FILE

`--pictures` draws how often first candidates are right at each score, for the last encoder.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from shared_vocabularies import DESCRIPTORS, KB, SHARED

TRAINING = {
    "ncbi_disease": SHARED / "corpora/ncbi_disease/NCBItrainset_corpus.txt",
    "bc5cdr": SHARED / "corpora/bc5cdr/CDR_TrainingSet.PubTator.txt",
}
SPLITS = {
    "ncbi_disease": SHARED / "corpora/ncbi_disease/NCBIdevelopset_corpus.txt",
    "bc5cdr": SHARED / "corpora/bc5cdr/CDR_DevelopmentSet.PubTator.txt",
}
MEASURES = ("@1", "@5", "@1 by name", "@5 by name", "@1 all ids", "@1 decided")


def parents() -> dict[str, str]:
    """Return the parents of MeSH's descriptors, joined by bars: MEDIC's file here has none."""
    with gzip.open(KB / DESCRIPTORS, "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    places = {code: [tree for tree in trees.split("|") if tree] for code, _, _, trees, *_ in rows}
    owner = {tree: code for code, trees in places.items() for tree in trees}
    above = {
        code: {owner.get(tree.rpartition(".")[0], "") for tree in places[code]} for code in places
    }
    return {
        f"MESH:{code}": "|".join(f"MESH:{parent}" for parent in sorted(own - {""}))
        for code, own in above.items()
    }


def medic() -> Iterator[str]:
    """Yield MEDIC as a table that kgbuild reads, with MeSH's parents."""
    above = parents()
    yield "id\tname\tcategory\tsynonyms\txrefs\tparents"
    with gzip.open(KB / "medic/medic_06Jul2012.txt.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            ids, _, names = line.rstrip("\n").partition("||")
            own, *more = [
                f"OMIM:{code}" if code.isdigit() else f"MESH:{code}"
                for code in ids.split("|")
                if code
            ]
            name, *synonyms = [text for text in names.split("|") if text]
            lists = "|".join(synonyms), "|".join(more), above.get(own, "")
            yield "\t".join((own, name, "Disease", *lists))


def measure(
    table: Path,
    split: Path,
    grounding: dict[str, object],
    *,
    train: Path | None = None,
    picture: Path | None = None,
) -> dict[str, Any]:
    """Return what `kgbuild evaluate` says."""
    config, found = table.with_name("linking.yaml"), table.with_name("found.json")
    config.write_text(yaml.safe_dump({"grounding": grounding}), "utf-8")
    subprocess.run(
        [
            sys.executable, "-c", "from kgbuild.cli import main; main()", "evaluate", str(split),
            "--vocab", str(table), "--config", str(config), "--task", "grounding",
            "--category", "Disease", "--json", str(found), "--samples", "0",
            *(["--reliability", str(picture)] if picture else []),
            *(["--train", str(train)] if train else []),
        ],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    result: dict[str, Any] = json.loads(found.read_text("utf-8"))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", action="append", default=[], help="a folder or hub id; repeat")
    parser.add_argument("--train", action="store_true", help="with training names, too")
    parser.add_argument("--threshold", type=float, help="default: each encoder's own")
    parser.add_argument("--pictures", type=Path, help="a folder")
    parser.add_argument("--medic", type=Path, help="write the dictionary to this file, no more")
    given = parser.parse_args()
    if given.medic:
        given.medic.write_text("\n".join(medic()) + "\n", "utf-8")
        return
    ways: dict[str, dict[str, object]] = {
        "names": {"dense": "off", "without": ["ngrams"]},
        "names, n-grams": {"dense": "off"},
    }
    for encoder in given.encoder:
        ways[encoder] = {
            "dense": "on",
            "encoder": encoder,
            **({} if given.threshold is None else {"threshold": given.threshold}),
        }
        ways[f"{encoder}, late"] = ways[encoder] | {"dense": "late"}
    print(f"| corpus | looked up by | {' | '.join(MEASURES)} | documents' F1 | time |")
    print(f"|---|---|{'---:|' * (len(MEASURES) + 2)}")
    with TemporaryDirectory() as folder:
        table = Path(folder) / "medic.tsv"
        table.write_text("\n".join(medic()) + "\n", "utf-8")
        for name, split in SPLITS.items():
            for way, grounding in ways.items():
                started = time.monotonic()
                picture = given.pictures / f"{name}.png" if given.pictures else None
                train = TRAINING[name] if given.train else None
                found = measure(table, split, grounding, train=train, picture=picture)
                tables, taken = found["tables"], time.monotonic() - started
                for suffix, added in (("", ""), (".with_training", ", training names")):
                    if f"grounding.accuracy{suffix}" not in tables:
                        continue
                    accuracy = tables[f"grounding.accuracy{suffix}"]["rows"]["micro"]
                    shares = [accuracy[key]["accuracy"] for key in MEASURES]
                    documents = tables[f"identifiers.gold_mentions{suffix}"]["rows"]["micro"]
                    shares.append(documents["f1"])
                    shown = " | ".join(f"{100 * share:.1f}" for share in shares)
                    print(f"| {name} | {way}{added} | {shown} | {taken:.0f} s |", flush=True)


if __name__ == "__main__":
    main()
