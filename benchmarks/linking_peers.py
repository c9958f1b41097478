"""Accuracy and speed of linking beside Gilda, ssslm, rapidfuzz, and sentence-transformers + FAISS.

All get the same terms (MEDIC of July 2012) and the same names: the gold disease mentions of
NCBI-disease and BC5CDR (development splits), each different one once, written out where its
document defines an abbreviation (by kgbuild, for all alike). Nobody sees the documents. Right is a
first answer that is one of the gold identifiers or is cross-referenced to one; no answer is wrong.
Contestants take turns, each in a process of its own, and the quicker of the rounds counts.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install gilda ssslm[gilda-slim] more-itertools
    python benchmarks/linking_peers.py --peers /tmp/peers/bin/python [--rounds 2]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Answer = Callable[[Sequence[str]], list[str]]
Rows = list[tuple[str, str]]
ENCODER = "extractors/weights"


def read_names(table: Path) -> Rows:
    """Return (name, CURIE) of all names of the table."""
    rows = [line.split("\t") for line in table.read_text("utf-8").splitlines()[1:]]
    return [
        (name, row[0])
        for row in rows
        for name in dict.fromkeys([row[1], *filter(None, row[3].split("|"))])
    ]


def kgbuild_names(table: Path) -> Answer:
    return _kgbuild(table, {"dense": "off"})


def kgbuild_vectors(table: Path) -> Answer:
    return _kgbuild(table, {"dense": "on", "encoder": ENCODER})


def _kgbuild(table: Path, grounding: dict[str, Any]) -> Answer:
    from kgbuild.components import make_components, prepare
    from kgbuild.config import Config, GivenConfig
    from kgbuild.records import AnnotatedDocument, Document, Mention

    config = Config.model_validate({"vocabularies": [str(table)], "grounding": grounding})
    config = config.model_copy(update={"recognizers": [GivenConfig()], "relations": []})
    linker = make_components(prepare(config)).grounder

    def answer(names: Sequence[str]) -> list[str]:
        documents = [
            AnnotatedDocument(
                Document(f"x:{place}", name),
                mentions=(Mention(f"x:{place}", 0, len(name), name, "Disease"),),
            )
            for place, name in enumerate(names)
        ]
        found = [own[0] for own in linker.ground(documents)]
        return [one.curie or (one.candidates[0].curie if one.candidates else "") for one in found]

    answer(["warm up", "asthmatic disease of the knee"])  # builds or opens the index
    return answer


def gilda(table: Path) -> Answer:
    from gilda.grounder import Grounder
    from gilda.process import normalize
    from gilda.term import Term

    terms = [
        Term(normalize(name), name, "medic", curie, name, "synonym", "medic")
        for name, curie in read_names(table)
        if normalize(name).strip()
    ]
    grounder = Grounder(terms)
    return lambda names: [(m[0].term.id if (m := grounder.ground(n)) else "") for n in names]


def ssslm(table: Path) -> Answer:
    import curies
    from ssslm import LiteralMapping, make_grounder

    mappings = [
        LiteralMapping(
            reference=curies.NamableReference.from_curie(curie, name=name), text=name,
            predicate=curies.NamedReference.from_curie(
                "oboInOwl:hasExactSynonym", name="has exact synonym"
            ),
        )
        for name, curie in read_names(table)
    ]  # fmt: skip
    grounder: Any = make_grounder(mappings, implementation="gilda")
    best = grounder.get_best_match
    return lambda names: [(m.reference.curie if (m := best(name)) else "") for name in names]


def rapidfuzz_ratio(table: Path) -> Answer:
    return _rapidfuzz(table, "ratio")


def rapidfuzz_sorted_words(table: Path) -> Answer:
    return _rapidfuzz(table, "token_sort_ratio")


def _rapidfuzz(table: Path, scorer: str) -> Answer:
    from rapidfuzz import fuzz, process, utils

    rows = read_names(table)
    folded = [utils.default_process(name) for name, _ in rows]
    if scorer == "token_sort_ratio":  # sorted once, and then compared as they are
        folded = [" ".join(sorted(name.split())) for name in folded]

    def answer(names: Sequence[str]) -> list[str]:
        found = []
        for name in names:
            plain = utils.default_process(name)
            if scorer == "token_sort_ratio":
                plain = " ".join(sorted(plain.split()))
            best = process.extractOne(plain, folded, scorer=fuzz.ratio)
            found.append(rows[best[2]][1] if best else "")
        return found

    return answer


def sentence_transformers_faiss(table: Path) -> Answer:
    import faiss
    from sentence_transformers import SentenceTransformer

    from kgbuild.normalizer.encoder import DEFAULT_MODEL, encoder_folder

    model = SentenceTransformer(str(encoder_folder(DEFAULT_MODEL)), device="cpu")
    rows = read_names(table)
    options = {"batch_size": 256, "normalize_embeddings": True, "show_progress_bar": False}
    index = faiss.IndexFlatIP(384)
    index.add(model.encode([name for name, _ in rows], **options))

    def answer(names: Sequence[str]) -> list[str]:
        _, found = index.search(model.encode(list(names), **options), 1)
        return [rows[row][1] for row in found[:, 0].tolist()]

    return answer


OURS = (
    kgbuild_names, kgbuild_vectors, rapidfuzz_ratio, rapidfuzz_sorted_words,
    sentence_transformers_faiss,
)  # fmt: skip
PEERS = (gilda, ssslm)
PACKAGES = {
    gilda: "gilda", ssslm: "ssslm", rapidfuzz_ratio: "rapidfuzz",
    rapidfuzz_sorted_words: "rapidfuzz", sentence_transformers_faiss: "sentence-transformers",
}  # fmt: skip


def one(contestant: Callable[[Path], Answer], table: Path, names: Sequence[str]) -> dict[str, Any]:
    """Set a contestant up and let it answer; seconds are of the wall and of all processors."""
    started, used = time.perf_counter(), time.process_time()
    answer = contestant(table)
    ready, ready_used = time.perf_counter(), time.process_time()
    found = answer(names)
    return {
        "setup": ready_used - used, "setup_wall": ready - started,
        "seconds": time.process_time() - ready_used, "wall": time.perf_counter() - ready,
        "answers": found,
        "version": version(PACKAGES[contestant]) if contestant in PACKAGES else "",
    }  # fmt: skip


def gold_names(folder: Path) -> tuple[Path, dict[str, list[tuple[str, tuple[str, ...]]]]]:
    """Write the terms; return them, and the (written out, gold identifiers) of each corpus."""
    from linking import SPLITS, medic

    from kgbuild.evaluation.corpus import read_corpus
    from kgbuild.evaluation.relations import identifiers_of
    from kgbuild.normalizer.expansion import defined_beside, expanded, long_forms
    from kgbuild.ontologies.schema import Schema
    from kgbuild.text import segment

    table = folder / "medic.tsv"
    table.write_text("\n".join(medic()) + "\n", "utf-8")
    corpora: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for corpus, split in SPLITS.items():
        asked = corpora[corpus] = []
        items = read_corpus([split], schema=Schema.load("biomedical")).documents.values()
        for item in segment(list(items)):
            known = defined_beside(item.document.text, item.mentions)
            known |= long_forms(item.abbreviations)
            wanted = identifiers_of(item)
            for mention in item.mentions:
                if mention.category == "Disease" and wanted.get(mention.id):
                    name = " ".join(expanded(mention.text, known).split())
                    asked.append((name, tuple(wanted[mention.id])))
    return table, corpora


def same_of(table: Path) -> dict[str, set[str]]:
    """Return each identifier with those that MEDIC says are the same."""
    rows = [line.split("\t") for line in table.read_text("utf-8").splitlines()[1:]]
    return {row[0]: {row[0], *filter(None, row[4].split("|"))} for row in rows}


def accuracy(
    asked: Iterable[tuple[str, tuple[str, ...]]], found: dict[str, str], same: dict[str, set[str]]
) -> float:
    hits = [bool(same.get(found[name], {found[name]}) & set(gold)) for name, gold in asked]
    return 100 * sum(hits) / len(hits)


def take_turns(
    table: Path, names: Sequence[str], folder: Path, *, peers: str, rounds: int
) -> dict[str, dict[str, Any]]:
    """Return what each contestant answered, and the shortest times that it took in any round."""
    (folder / "names.json").write_text(json.dumps(names), "utf-8")
    best: dict[str, dict[str, Any]] = {}
    for number in range(rounds):
        for contestant in (*OURS, *PEERS):
            name = contestant.__name__
            python = peers if contestant in PEERS else sys.executable
            command = [python, __file__, "--step", name, str(table), str(folder / "names.json")]
            fresh = os.environ | {"KGBUILD_CACHE": str(folder / f"cache-{name}-{number}")}
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, env=fresh)
            found = json.loads(done.stdout.splitlines()[-1])
            before = best.get(name, found)
            times = ("setup", "setup_wall", "seconds", "wall")
            best[name] = found | {key: min(before[key], found[key]) for key in times}
    return best


def rows(
    best: dict[str, dict[str, Any]],
    corpora: dict[str, list[tuple[str, tuple[str, ...]]]],
    names: Sequence[str],
    same: dict[str, set[str]],
) -> Iterator[str]:
    """Yield the lines of the table."""
    columns = "ready, processor s | answers, processor s | mentions/s of one core | wall s | ratio"
    yield f"| | {' | '.join(f'{c} @1' for c in corpora)} | {columns} |"
    yield f"|---|{'---:|' * (len(corpora) + 5)}"
    base = best["kgbuild_vectors"]["seconds"]
    mentions = sum(map(len, corpora.values()))
    for name, found in best.items():
        answers = dict(zip(names, found["answers"], strict=True))
        shares = [f"{accuracy(asked, answers, same):.1f}" for asked in corpora.values()]
        label = f"{name.replace('_', ' ')} {found['version']}".strip()
        yield (
            f"| {label} | {' | '.join(shares)} | {found['setup']:.1f} | "
            f"{found['seconds']:.2f} | {mentions / found['seconds']:,.0f} | "
            f"{found['wall']:.2f} | {found['seconds'] / base:.2f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--peers", default=sys.executable, help="python that has gilda and ssslm")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        name, table, names = options.step
        by_name = {contestant.__name__: contestant for contestant in (*OURS, *PEERS)}
        asked = json.loads(Path(names).read_text("utf-8"))
        print(json.dumps(one(by_name[name], Path(table), asked)))
        return
    with TemporaryDirectory() as place:
        medic, corpora = gold_names(Path(place))
        different = list(dict.fromkeys(name for own in corpora.values() for name, _ in own))
        best = take_turns(medic, different, Path(place), peers=options.peers, rounds=options.rounds)
        page = [
            f"{len(read_names(medic)):,} names; {sum(map(len, corpora.values())):,} mentions, "
            f"{len(different):,} different.\n",
            *rows(best, corpora, different, same_of(medic)),
        ]
    print("\n".join(page))
    head = (
        f"`python benchmarks/linking_peers.py --rounds {options.rounds}`, "
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores shared with other work, load "
        f"{os.getloadavg()[0]:.0f}: processor time is what can be compared, the ratio is of it.\n\n"
    )
    text = head + "\n".join(page) + "\n" + NOTES
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


NOTES = """
"Ready" is everything from terms to the first answer, kgbuild's lexicon and vectors too: each run
begins with an empty cache. kgbuild answers with its first candidate, sure of it or not, as the
others do; of a name that it takes apart it gives the first part. Rates count each mention, though
each different name is asked once.
"""


if __name__ == "__main__":
    main()
