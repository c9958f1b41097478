"""A trained relation model on ONNX Runtime: a window in, scores of its pairs out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.checkpoints import open_tokenizer, read_json, special_tokens
from kgbuild.errors import ConfigError
from kgbuild.extractors.bag_model import BAG_FILE, BagModel
from kgbuild.extractors.relation_labels import RelationLabels
from kgbuild.extractors.relation_units import RelationUnit, entities_of, make_units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.ontologies.schema import Schema
    from kgbuild.records import AnnotatedDocument

__all__ = ["DESCRIPTION_FILE", "MODEL_FILE", "RelationModel", "Scored", "feed_of"]

_SURROGATE = re.compile("[\ud800-\udfff]")  # they have no UTF-8; a replacement is one character too
MODEL_FILE = "relations.onnx"
DESCRIPTION_FILE = "relations.json"


@dataclass(frozen=True)
class Scored:
    """A window with what the model says of it.

    Attributes:
        unit: the window.
        logits: ``(pairs, columns)``.
        weights: ``(pairs, pieces)``: how much each word piece counted for a pair; rows sum to 1.
    """

    unit: RelationUnit
    logits: NDArray[np.float32]
    weights: NDArray[np.float32]


def feed_of(unit: RelationUnit) -> dict[str, NDArray[Any]]:
    """Return a window as the model's inputs."""
    import numpy as np

    spans = np.zeros((len(unit.mentions), len(unit.ids)), dtype=np.float32)
    for row, (first, stop) in enumerate(unit.spans):
        spans[row, first:stop] = 1 / (stop - first)
    members = np.zeros((len(unit.entities), len(unit.mentions)), dtype=np.float32)
    for row, own in enumerate(unit.members):
        members[row, list(own)] = 1
    return {
        "ids": unit.ids[None],
        "marks": unit.marks[None],
        "spans": spans,
        "members": members,
        "pairs": unit.pairs,
        "features": unit.features,
    }


class RelationModel:
    """A folder with relations.onnx, .json and .npz, tokenizer.json and words.bin.

    Args:
        folder: as ``kgbuild train relations`` writes it.
        schema: whose categories documents have.
        threads: cores that a run uses; 0 is all.

    Raises:
        ConfigError: the folder lacks a file, or one can't be read, or the schema lacks a category.
        MissingExtraError: onnxruntime is not installed.
    """

    def __init__(self, folder: Path, *, schema: Schema, threads: int = 0) -> None:
        from kgbuild.extractors.backends import open_session

        names = (MODEL_FILE, DESCRIPTION_FILE, "tokenizer.json")
        if absent := [name for name in names if not (folder / name).is_file()]:
            raise ConfigError(
                f"{folder} lacks {', '.join(absent)}: expected a model as `kgbuild train "
                "relations` writes it"
            )
        path = folder / DESCRIPTION_FILE
        said = read_json(path)
        self.labels = RelationLabels.from_json(said, source=str(path))
        self.labels.check(schema, source=str(path))
        self._kinds = self.labels.layout.kinds(schema)
        self._tokenizer = open_tokenizer(folder)
        self._special = special_tokens(self._tokenizer)
        self._session = open_session(folder / MODEL_FILE, threads=threads, device="cpu")
        self.files = [folder / MODEL_FILE, path, folder / "words.bin"]
        self._bag: BagModel | None = None
        if said.get("bag"):
            self._bag = BagModel.open(folder / BAG_FILE, labels=self.labels)
            self.files.append(folder / BAG_FILE)

    def units(
        self, batch: Sequence[AnnotatedDocument], *, named: bool = True
    ) -> list[list[RelationUnit]]:
        """Return the windows of each document that hold a pair (see ``entities_of``).

        Documents without two entities of categories that the model relates are not even tokenized.
        """
        layout = self.labels.layout
        entities = [entities_of(item, self._kinds, named=named) for item in batch]
        paired = [place for place, own in enumerate(entities) if layout.has_pair(own)]
        encodings = self._tokenizer.encode_batch(
            [_SURROGATE.sub("\ufffd", batch[place].document.text) for place in paired],
            add_special_tokens=False,
        )
        units: list[list[RelationUnit]] = [[] for _ in batch]
        for place, encoding in zip(paired, encodings, strict=True):
            units[place] = make_units(
                batch[place],
                entities[place],
                ids=encoding.ids,
                offsets=encoding.offsets,
                layout=layout,
                special=self._special,
            )
        return units

    def score(self, item: AnnotatedDocument, unit: RelationUnit) -> Scored:
        """Judge the pairs of a document's window, by the network and by their words."""
        logits, weights = self.run(feed_of(unit))
        if self._bag is not None:
            logits = self._bag.joined(logits, item, unit, self.labels.conventions)
        return Scored(unit, logits, weights)

    def run(
        self, feed: Mapping[str, NDArray[Any]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the network's logits and weights of a window's inputs."""
        logits, weights = self._session.run(["logits", "weights"], feed)
        return logits, weights
