"""What an evaluation says: tables of scores with their intervals, errors, a curve, notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from kgbuild.evaluation.bootstrap import Intervals, bootstrap
from kgbuild.evaluation.differences import Difference, Kind
from kgbuild.evaluation.identifier_errors import IdentifierError
from kgbuild.evaluation.relations import Pair
from kgbuild.evaluation.reliability import Reliability
from kgbuild.evaluation.score import Counts, Score, total
from kgbuild.evaluation.statements import CurvePoint
from kgbuild.records import AnnotatedDocument

__all__ = [
    "Curve",
    "Evaluation",
    "LinkError",
    "RelationError",
    "Resampling",
    "Row",
    "Table",
    "scored",
    "to_json",
]

Measure = Literal["f1", "accuracy"]


@dataclass(frozen=True, slots=True)
class Resampling:
    """How intervals are made: how many draws, how sure, from which seed; 0 draws make none."""

    samples: int = 1000
    confidence: float = 0.95
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A score under its label; ``column`` tells several of one label apart, such as ``@1``."""

    label: str
    score: Score
    intervals: Intervals | None = None
    column: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Scores of one kind. ``measure`` accuracy means that recall is the accuracy.

    ``name`` is the key in JSON: ``mentions.strict``; ``note`` says what is counted.
    """

    name: str
    title: str
    note: str
    rows: tuple[Row, ...]
    measure: Measure = "f1"


@dataclass(frozen=True, slots=True)
class LinkError:
    """Gold mentions of one text that the linker gave another identifier, or none."""

    text: str
    category: str
    gold: tuple[str, ...]
    found: str
    name: str
    why: str
    count: int


@dataclass(frozen=True, slots=True)
class RelationError:
    """A pair that was predicted and is not gold (``found``), or the reverse.

    ``instead`` names what the other side says of the two entities, if it says anything.
    """

    pair: Pair
    found: bool
    names: tuple[str, str]
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision and recall of statements over thresholds of belief, with the area under it."""

    name: str
    points: tuple[CurvePoint, ...]
    average_precision: float


@dataclass(slots=True)
class Evaluation:
    """All that was measured of one set of predictions.

    ``identifiers`` lists wrong identifiers of mentions that were found, ``links`` those of gold
    mentions that a linker was given. ``relations_of`` is the title of the table whose errors
    ``relations`` lists.
    """

    gold: str
    predictions: str
    documents: int
    tables: list[Table] = field(default_factory=list)
    kinds: dict[Kind, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    items: list[tuple[AnnotatedDocument, AnnotatedDocument]] = field(default_factory=list)
    identifiers: list[IdentifierError] = field(default_factory=list)
    links: list[LinkError] = field(default_factory=list)
    relations: list[RelationError] = field(default_factory=list)
    relations_of: str = ""
    curves: list[Curve] = field(default_factory=list)
    reliability: list[Reliability] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def table(self, name: str) -> Table:
        """Return the table of this name; ``KeyError`` where it was not measured."""
        found = next((table for table in self.tables if table.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def score(self, table: str, label: str, column: str = "") -> Score:
        """Return the score of a label of a table; ``KeyError`` where there is none."""
        for row in self.table(table).rows:
            if (row.label, row.column) == (label, column):
                return row.score
        raise KeyError(label)


def scored(counts: Counts, resampling: Resampling) -> dict[str, Row]:
    """Return a row for each label of ``counts``, with its intervals."""
    rows = {}
    for label, score in total(counts).items():
        intervals = None
        if resampling.samples:
            intervals = bootstrap(
                {document: scores.get(label, Score()) for document, scores in counts.items()},
                samples=resampling.samples,
                confidence=resampling.confidence,
                seed=resampling.seed,
            )
        rows[label] = Row(label, score, intervals)
    return rows


def to_json(evaluation: Evaluation, resampling: Resampling) -> dict[str, Any]:
    """Return the numbers of an evaluation as JSON can hold them."""
    return {
        "gold": evaluation.gold,
        "predictions": evaluation.predictions,
        "documents": evaluation.documents,
        "confidence": resampling.confidence if resampling.samples else None,
        "samples": resampling.samples,
        "seed": resampling.seed,
        "tables": {table.name: _table(table) for table in evaluation.tables},
        "mention_errors": dict(evaluation.kinds),
        "curves": {
            curve.name: {
                "average_precision": round(curve.average_precision, 4),
                "points": [{"belief": p.threshold, **_numbers(p.score)} for p in curve.points],
            }
            for curve in evaluation.curves
        },
        "reliability": {
            kind.name: {
                "expected_calibration_error": round(kind.error, 4),
                "bins": [asdict(one) for one in kind.bins],
            }
            for kind in evaluation.reliability
        },
        "notes": list(evaluation.notes),
    }


def _table(table: Table) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for row in table.rows:
        numbers = _row(row, table.measure)
        label = row.label.strip()
        if row.column:
            rows.setdefault(label, {})[row.column] = numbers
        else:
            rows[label] = numbers
    return {
        "title": table.title,
        "note": table.note,
        "measure": table.measure,
        "rows": rows,
    }


def _row(row: Row, measure: Measure) -> dict[str, Any]:
    if measure == "accuracy":
        numbers: dict[str, Any] = {
            "mentions": row.score.gold, "right": row.score.right,
            "accuracy": round(row.score.recall, 4),
        }  # fmt: skip
    else:
        numbers = _numbers(row.score)
    if row.intervals is not None:
        names = {"accuracy": "recall"} if measure == "accuracy" else {
            "precision": "precision", "recall": "recall", "f1": "f1",
        }  # fmt: skip
        ranges: Mapping[str, Any] = row.intervals._asdict()
        numbers["interval"] = {
            shown: [round(value, 4) for value in ranges[own]] for shown, own in names.items()
        }
    return numbers


def _numbers(score: Score) -> dict[str, Any]:
    return {
        "gold": score.gold, "found": score.found, "right": score.right, "covered": score.covered,
        "precision": round(score.precision, 4), "recall": round(score.recall, 4),
        "f1": round(score.f1, 4),
    }  # fmt: skip
