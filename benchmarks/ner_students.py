"""Students of two seeds of the recognizer's recipe: on the corpus, and on unlabelled texts as well.

Measured as in ner_heads.py, whose trainings of the two seeds are gone on from. The unlabelled texts
are those of other corpora's training splits (--texts) and of files of abstracts (--abstracts: lines
of PubMed id, title and abstract); what is held back or in a development split is left out.

    python benchmarks/ner_students.py --epochs 4
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from ner_ablations import RECIPE, settings_of
from ner_roads import Ground, Measured, arguments
from torch import nn
from torch.nn.functional import cross_entropy, kl_div

from kgbuild.extractors.labels import decode, runs
from kgbuild.records import AnnotatedDocument, Document
from kgbuild.text import segment
from kgbuild.training.held_back import read_held_back, without
from kgbuild.training.ner import load_corpora
from kgbuild.training.ner_data import Corpus
from kgbuild.training.ner_settings import NerSettings
from kgbuild.training.ner_task import Batch, NerTask, _strict, _targets
from kgbuild.training.settings_file import resolve
from kgbuild.yaml_models import read_model

CPU = torch.device("cpu")
CHEMPROT = RECIPE.parents[3] / "shared/corpora/chemprot/original"


class StudentTask(Measured):
    """Learns from the labels and, as much, from the mean of teachers' probabilities."""

    name = "student"
    teachers: dict[int, np.ndarray]  # text's id: log probabilities of its words

    def loss(self, model: nn.Module, batch: Batch, device: torch.device) -> torch.Tensor:
        scores, lengths = self.logits(model, batch, training=True)
        inside = torch.arange(scores.shape[1]) < lengths[:, None]
        wanted = []
        for example in batch:
            low = int(np.searchsorted(example.text.first, example.start))
            rows = self.teachers[id(example.text)]
            wanted.append(torch.from_numpy(rows[low : low + len(_targets(example)[0])]))
        target = nn.utils.rnn.pad_sequence(wanted, batch_first=True)[inside]
        own = scores[inside].log_softmax(-1)
        count = int(lengths.sum())
        soft = kl_div(own, target, reduction="sum", log_target=True) / count
        return (cross_entropy(scores[inside], self.gold(batch)[inside]) + soft) / 2


class SilverTask(StudentTask):
    """The same, over texts beside the corpus whose labels are the teachers' own."""

    name = "student with unlabelled texts"


def together(task: NerTask, models: Sequence[nn.Module], corpus: Corpus) -> list[np.ndarray]:
    """Return the mean of the models' log probabilities of each text's words."""
    with torch.no_grad():
        every = [task.emissions(model.eval(), CPU, 0, corpus) for model in models]
    return [np.mean(rows, axis=0) for rows in zip(*every, strict=True)]


def unlabelled(
    corpora: Sequence[str], abstracts: Iterable[Path], *, known: Corpus
) -> list[AnnotatedDocument]:
    """Return texts without their annotations, none of ``known`` or held back or for measuring."""
    recipe = read_model(RECIPE, NerSettings)
    settings = settings_of({}, recipe, corpora=corpora, epochs=1)
    read, _, _ = load_corpora(settings, beside=RECIPE.parent)
    every = load_corpora(recipe, beside=RECIPE.parent)[1].values()
    held = {item.document.id for corpus in (known, *every) for item in corpus.documents}
    if recipe.held_back:
        held |= read_held_back(Path(resolve(recipe.held_back, RECIPE.parent)))
    own = [item.with_mentions(()) for corpus in read for item in corpus.documents]
    return without([*own, *segment(list(_abstracts(abstracts)))], held)


def _abstracts(files: Iterable[Path]) -> Iterator[AnnotatedDocument]:
    for file in files:
        with file.open(encoding="utf-8", newline="") as lines:
            for pmid, title, abstract in csv.reader(lines, "excel-tab", quoting=csv.QUOTE_NONE):
                text = f"{title}\n{abstract}"
                yield AnnotatedDocument(Document(f"PMID:{pmid}", text))


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--texts", nargs="*", default=["ncbi_disease", "biored"])
    parser.add_argument(
        "--abstracts", nargs="*", type=Path, default=sorted(CHEMPROT.glob("*_abstracts.tsv"))
    )
    options = parser.parse_args()
    ground = Ground.open(options)
    teachers = [ground.run(Measured, seed) for seed in (1, 2)]
    task, gold = ground.task(), ground.development
    labels = task._labels[0]
    mean = decode(together(task, teachers, gold), labels)
    found = [
        {(t.words[a][0], t.words[b - 1][1], kind) for a, b, kind in runs(path.tolist(), labels)}
        for t, path in zip(gold.texts, mean, strict=True)
    ]
    print(f"| seeds 1 and 2 together | {100 * _strict(gold, found)['all']:.1f} |", flush=True)
    corpus = ground.training
    told = together(task, teachers, corpus)
    soft = dict(zip(map(id, corpus.texts), told, strict=True))
    ground.run(StudentTask, 1, teachers=soft)

    items = unlabelled(options.texts, options.abstracts, known=corpus)
    silver = Corpus(corpus.name, corpus.categories, items)
    silver.prepare(ground.tokenizer, ground.gazetteer)
    told = together(task, teachers, silver)
    soft |= dict(zip(map(id, silver.texts), told, strict=True))
    both = Corpus(
        corpus.name, corpus.categories, [*corpus.documents, *items],
        texts=[*corpus.texts, *silver.texts],
        labels=[*corpus.labels, *(path.astype(np.int64) for path in decode(told, labels))],
    )  # fmt: skip
    print(f"{len(items):,} unlabelled texts")
    ground.run(SilverTask, 1, training=both, teachers=soft)


if __name__ == "__main__":
    main()
