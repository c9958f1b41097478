"""Finished recognizers as teachers: a student learns what they make of texts beside annotations.

The mean of several models' probabilities is better than each of them, and tells more of a word than
one label does (Hinton et al. 2015, arXiv:1503.02531). Teachers label texts that nobody annotated,
and, in annotated ones, what a corpus doesn't annotate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import ConfigError, InputError
from kgbuild.extractors.tagger import TaggerRecognizer
from kgbuild.records import AnnotatedDocument, content_hash
from kgbuild.training.corpora import readable_documents
from kgbuild.training.held_back import without

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.training.ner_data import Corpus

__all__ = ["Teachers", "read_unlabelled"]

_CHUNK = 64  # documents that are judged together


class Teachers:
    """Recognizers whose mean probabilities are learned.

    Args:
        folders: of recognizers that ``kgbuild train ner`` made, of any size.
        conventions: the student's, with the categories of each. A teacher is asked for those that
            it learned with the same categories.
        weight: share of a loss that is theirs, in (0, 1].

    Raises:
        ConfigError: a folder holds no recognizer, or one that has none of the conventions.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        conventions: Mapping[str, Sequence[str]],
        *,
        weight: float = 0.5,
    ) -> None:
        self.weight = weight
        self._conventions = conventions
        self._teachers = []
        for folder in folders:
            teacher = TaggerRecognizer(folder)
            has = teacher.conventions
            shared = {name for name, own in conventions.items() if has.get(name) == tuple(own)}
            if not shared:
                known = "; ".join(f"{name} ({', '.join(own)})" for name, own in has.items())
                raise ConfigError(
                    f"teachers: {folder} learned no corpus of this training with the same "
                    f"categories: it learned {known}"
                )
            self._teachers.append((folder, teacher, shared))

    @property
    def identity(self) -> str:
        """Hash of what they say: weights, hints and conventions."""
        return content_hash(*(teacher.name for _, teacher, _ in self._teachers))

    @property
    def known(self) -> Sequence[bool]:
        """Whether there is a teacher for each of the conventions."""
        asked = set().union(*(shared for _, _, shared in self._teachers))
        return [name in asked for name in self._conventions]

    def teach(self, corpus: Corpus, *, keep: Path | None = None) -> None:
        """Give a prepared corpus what the teachers make of its texts, as ``Corpus.taught``.

        Args:
            corpus: with texts prepared.
            keep: a folder to keep it in, so that a training which goes on need not ask again.

        Raises:
            ConfigError: a teacher takes other characters for words, or what is kept is damaged.
        """
        if keep is None:
            corpus.taught = self._judge(corpus)
            return
        labels = [(name, *own) for name, own in self._conventions.items()]
        file = keep / f"{content_hash(self.identity, labels, corpus.fingerprint)}.npy"
        if not file.is_file():
            _write(file, self._judge(corpus))
        corpus.taught = _read(file, [len(text.words) for text in corpus.texts])

    def _judge(self, corpus: Corpus) -> list[NDArray[np.float16]]:
        taught = []
        for first in range(0, len(corpus.documents), _CHUNK):
            documents = corpus.documents[first : first + _CHUNK]
            texts = corpus.texts[first : first + _CHUNK]
            said: list[dict[str, list[NDArray[np.float32]]]] = [{} for _ in documents]
            for folder, teacher, shared in self._teachers:
                judged = teacher.word_probabilities(documents)
                for text, own, (words, by_name) in zip(texts, said, judged, strict=True):
                    if words != text.words:
                        raise ConfigError(
                            f"teachers: {folder} takes other characters for words than the base's "
                            "tokenizer does: choose teachers over a base of its kind"
                        )
                    for name in shared:
                        own.setdefault(name, []).append(by_name[name])
            taught += [
                self._mean(own, len(text.words)) for own, text in zip(said, texts, strict=True)
            ]
        return taught

    def _mean(
        self, said: Mapping[str, Sequence[NDArray[np.float32]]], words: int
    ) -> NDArray[np.float16]:
        import numpy as np

        columns = []
        for name, categories in self._conventions.items():
            rows = said.get(name)
            labels = 1 + 4 * len(categories)
            columns.append(np.mean(rows, axis=0) if rows else np.zeros((words, labels)))
        return np.concatenate(columns, axis=1).astype(np.float16)


def _write(file: Path, taught: Sequence[NDArray[np.float16]]) -> None:
    """Write what each text was taught, one below the other: the whole file or none."""
    import numpy as np

    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".part")
    with beside.open("wb") as out:
        np.save(out, np.concatenate(taught), allow_pickle=False)
    beside.replace(file)


def _read(file: Path, words: Sequence[int]) -> list[NDArray[np.float16]]:
    """Return what each text was taught; ``words`` counts those of each."""
    import numpy as np

    try:
        rows = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} is damaged ({error}): remove it, it is made anew") from error
    return np.split(rows, np.cumsum(words)[:-1])


def read_unlabelled(
    files: Sequence[str], *, held: Collection[str]
) -> tuple[list[AnnotatedDocument], int]:
    """Return documents in sentences, each id once, and how many were left out.

    Annotations that they have aren't looked at.

    Args:
        files: of any readable format, or folders.
        held: ids of documents to leave out.

    Raises:
        InputError: no document is left.
    """
    from kgbuild.text import segment

    items = [item.with_mentions(()) for item in readable_documents(files)]
    kept = without(items, held)
    if not kept:
        raise InputError(
            f"teachers: texts: {', '.join(files)} hold {len(items):,} documents, and none that is "
            "neither held back nor in a corpus"
        )
    return segment(kept), len(items) - len(kept)
