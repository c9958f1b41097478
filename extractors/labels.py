"""Label schemes of token classifiers: what their labels mean, and the best valid sequence.

Schemes: IO (Ramshaw & Marcus 1995's inside/outside), IOB1, BIO (IOB2), BIOES (Ratinov & Roth 2009,
as BILOU). Prefixes of BILOU and BMES are read as those of BIOES.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kgbuild.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kgbuild.ontologies.schema import Schema

__all__ = [
    "LabelSet",
    "Run",
    "Scheme",
    "decode",
    "map_categories",
    "read_labels",
    "rename_labels",
    "runs",
]

Scheme = Literal["IO", "IOB1", "BIO", "BIOES"]
Run = tuple[int, int, str]
"""First word, word after the last, entity type."""

_PREFIXED = re.compile(r"([BIESLUM])(?:[-_](.+))?")
_CANONICAL = {"L": "E", "U": "S", "M": "I"}
_FORBIDDEN = -1e9


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The labels of a model: ``prefixes[i]`` is one of O, B, I, E, S; ``types[i]`` the type of it.

    A type is "" for O, and where a model of one type calls its labels B, I and O.
    """

    scheme: Scheme
    prefixes: tuple[str, ...]
    types: tuple[str, ...]

    @property
    def entity_types(self) -> tuple[str, ...]:
        """The types of the labels other than O, sorted."""
        return tuple(
            sorted({t for p, t in zip(self.prefixes, self.types, strict=True) if p != "O"})
        )

    def transitions(self) -> NDArray[np.float32]:
        """Return ``(n + 1, n + 1)``: 0 where label j may follow i, else a large negative number.

        The last row says which labels may begin a text, the last column which may end it.
        """
        import numpy as np

        n = len(self.prefixes)
        matrix = np.zeros((n + 1, n + 1), dtype=np.float32)
        around = [*zip(self.prefixes, self.types, strict=True), ("O", "")]
        for i, before in enumerate(around):
            for j, after in enumerate(around):
                if not _may_follow(before, after, self.scheme):
                    matrix[i, j] = _FORBIDDEN
        return matrix


def _may_follow(before: tuple[str, str], after: tuple[str, str], scheme: Scheme) -> bool:
    if scheme == "IO":
        return True
    if scheme == "IOB1":
        # B only parts two neighbours of one type.
        return after[0] != "B" or (before[0] in "BI" and before[1] == after[1])
    is_open = before[0] in "BI" and scheme == "BIOES"
    if is_open:
        return after[0] in "IE" and before[1] == after[1]
    if after[0] in "IE":
        return scheme == "BIO" and before[0] in "BI" and before[1] == after[1]
    return True


def read_labels(
    id2label: Mapping[int, str], *, scheme: Scheme | Literal["auto"] = "auto"
) -> LabelSet:
    """Return the label set of a checkpoint's ``id2label``, its scheme detected from the prefixes.

    Args:
        id2label: label of each class, ``O`` among them or not; classes are 0 to n - 1.
        scheme: the scheme to hold the model to. IOB1 can't be told from BIO by its labels, so it
            is never detected and must be named.

    Raises:
        ConfigError: labels are missing, or prefixed and unprefixed labels are mixed.

    >>> read_labels({0: "O", 1: "B-Disease", 2: "I-Disease"}).scheme
    'BIO'
    >>> read_labels({0: "Disease", 1: "O"}).types
    ('Disease', '')
    """
    n = len(id2label)
    if n == 0 or set(id2label) != set(range(n)):
        raise ConfigError(f"id2label must name the classes 0 to n - 1, got {sorted(id2label)}")
    labels = [id2label[i] for i in range(n)]
    inside = [label for label in labels if label.upper() != "O"]
    matches = {label: _PREFIXED.fullmatch(label) for label in inside}
    plain = [label for label, match in matches.items() if match is None]
    if plain and len(plain) < len(inside):
        raise ConfigError(
            f"id2label mixes prefixed labels (B-, I-, ...) with {', '.join(sorted(plain))}: say "
            f"what these mean, e.g. labels={{{plain[0]!r}: 'O'}}"
        )
    prefixes, types = [], []
    for label in labels:
        match = matches.get(label)
        if label.upper() == "O":
            prefix, kind = "O", ""
        elif match is None:
            prefix, kind = "I", label
        else:
            prefix, kind = _CANONICAL.get(match[1], match[1]), match[2] or ""
        prefixes.append(prefix)
        types.append(kind)
    found = _detect(set(prefixes)) if scheme == "auto" else scheme
    if scheme in {"IO", "IOB1", "BIO"} and not set(prefixes) <= {"O", "B", "I"}:
        raise ConfigError(f"labels {', '.join(labels)} are not of the scheme {scheme}")
    return LabelSet(found, tuple(prefixes), tuple(types))


def _detect(prefixes: set[str]) -> Scheme:
    if prefixes & {"E", "S"}:
        return "BIOES"
    return "BIO" if "B" in prefixes else "IO"


def decode(emissions: Sequence[NDArray[np.float32]], labels: LabelSet) -> list[NDArray[np.int64]]:
    """Return the best label sequence that the scheme allows for each text (Viterbi 1967).

    Args:
        emissions: log probabilities, ``(words, labels)`` each; a text may have no words.
        labels: the scheme that decides which label may follow which.
    """
    paths = [rows.argmax(axis=1) for rows in emissions]
    matrix = labels.transitions()
    n = len(labels.prefixes)
    # Transitions only forbid, so a greedy path that breaks no rule is already the best one.
    broken = []
    for index, path in enumerate(paths):
        steps = [matrix[path[:-1], path[1:]], matrix[n, path[:1]], matrix[path[-1:], n]]
        if any(step.min(initial=0.0) < 0 for step in steps):
            broken.append(index)
    broken.sort(key=lambda i: -len(emissions[i]))
    for first in range(0, len(broken), 32):
        chosen = broken[first : first + 32]
        for index, path in zip(
            chosen, _viterbi([emissions[i] for i in chosen], matrix), strict=True
        ):
            paths[index] = path
    return paths


def _viterbi(
    emissions: list[NDArray[np.float32]], matrix: NDArray[np.float32]
) -> list[NDArray[np.int64]]:
    """Decode texts together; ``emissions`` are in order of falling length, none empty."""
    import numpy as np

    lengths = np.array([len(rows) for rows in emissions])
    count, n = len(emissions), emissions[0].shape[1]
    steps = int(lengths[0])
    padded = np.zeros((steps, count, n), dtype=np.float32)
    for i, rows in enumerate(emissions):
        padded[: len(rows), i] = rows
    inner, first, last = matrix[:n, :n], matrix[n, :n], matrix[:n, n]
    back = np.zeros((steps, count, n), dtype=np.int64)
    scores = padded[0] + first
    for t in range(1, steps):
        alive = int(np.searchsorted(-lengths, -t, side="left"))
        through = scores[:alive, :, None] + inner
        back[t, :alive] = through.argmax(axis=1)
        scores[:alive] = through.max(axis=1) + padded[t, :alive]
    scores += last
    paths = []
    for i, rows in enumerate(emissions):
        path = np.empty(len(rows), dtype=np.int64)
        path[-1] = scores[i].argmax()
        for t in range(len(rows) - 1, 0, -1):
            path[t - 1] = back[t, i, path[t]]
        paths.append(path)
    return paths


def runs(path: Sequence[int], labels: LabelSet) -> list[Run]:
    """Return the entities of a label sequence, in order; every sequence is given a meaning.

    >>> labels = read_labels({0: "O", 1: "B-X", 2: "I-X"})
    >>> runs([1, 2, 0, 1, 1], labels)
    [(0, 2, 'X'), (3, 4, 'X'), (4, 5, 'X')]
    """
    found: list[Run] = []
    start, kind = -1, ""
    for position, label in enumerate(path):
        prefix, type_ = labels.prefixes[label], labels.types[label]
        continues = start >= 0 and prefix in "IE" and type_ == kind
        if start >= 0 and not continues:
            found.append((start, position, kind))
            start = -1
        if prefix != "O" and not continues:
            start, kind = position, type_
        if prefix in "ES":
            found.append((start, position + 1, kind))
            start = -1
    if start >= 0:
        found.append((start, len(path), kind))
    return found


def rename_labels(
    config: Mapping[str, Any], labels: Mapping[str, str | None], *, source: str
) -> tuple[dict[int, str], dict[str, str]]:
    """Return a checkpoint's ``id2label`` with whole labels renamed, and what the new types mean.

    Raises:
        ConfigError: config.json names no labels, or ``labels`` names one that the model lacks.
    """
    raw = config.get("id2label")
    if not isinstance(raw, Mapping) or not raw:
        raise ConfigError(
            f"config.json in {source} has no id2label: expected the label of each class, as "
            "save_pretrained() of a token classifier writes it"
        )
    original = {int(index): str(label) for index, label in raw.items()}
    types = {label.partition("-")[2] or label.partition("_")[2] for label in original.values()}
    unknown = sorted(set(labels) - set(original.values()) - types - {""})
    if unknown:
        raise ConfigError(
            f"labels names {', '.join(unknown)}, which {source} doesn't have: it has "
            f"{', '.join(sorted(set(original.values())))}"
        )
    renamed = {i: labels.get(label, label) or "O" for i, label in original.items()}
    explicit: dict[str, str] = {}
    for index, label in renamed.items():
        if label != original[index] and label != "O":
            match = _PREFIXED.fullmatch(label)
            kind = (match[2] or "") if match else label
            explicit[kind] = kind
    return renamed, explicit


def map_categories(
    labels: LabelSet,
    meanings: Mapping[str, str | None],
    schema: Schema | None,
    *,
    source: str,
) -> dict[str, str]:
    """Return the category of each entity type; those that ``meanings`` leaves out are absent.

    Args:
        labels: the model's labels.
        meanings: category by entity type; None and "O" leave a type out.
        schema: maps the other types, and holds ``meanings`` to its categories; default the
            biomedical schema, which holds ``meanings`` to nothing.
        source: what the model is called in messages.

    Raises:
        ConfigError: types have no category, or ``meanings`` gives one that the schema lacks.
    """
    found: dict[str, str] = {}
    unmapped = []
    for kind in labels.entity_types:
        if kind in meanings:
            category = meanings[kind]
            if category is None or category == "O":
                continue
            if schema is not None and category not in schema.categories:
                raise ConfigError(
                    f"labels maps {kind!r} to {category!r}, which is no category of the schema: "
                    f"it has {', '.join(sorted(schema.categories))}"
                )
            found[kind] = category
        elif (category := _schema(schema).category(kind)) is not None:
            found[kind] = category
        else:
            unmapped.append(kind)
    if unmapped:
        named = ", ".join(repr(kind) for kind in unmapped)
        raise ConfigError(
            f"{source} predicts entity types that the schema knows no category for: {named}. Say "
            f"what they mean: labels={{{unmapped[0]!r}: 'Disease', ...}}, or None to leave one out"
        )
    return found


def _schema(schema: Schema | None) -> Schema:
    if schema is not None:
        return schema
    from kgbuild.ontologies.schema import Schema as Loaded

    return Loaded.load("biomedical")
