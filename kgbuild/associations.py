"""Which entities come together more often than chance: association over the whole graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

__all__ = ["associations"]

# a document is a set of entities: each pair counts once in it
_DOCUMENTS = """
    SELECT a.entity AS subject, b.entity AS object, count(*) AS together
    FROM occurrences a JOIN occurrences b ON a.document = b.document AND a.entity < b.entity
    GROUP BY ALL
"""
_SENTENCES = """
    SELECT least(s.subject, s.object) AS subject, greatest(s.subject, s.object) AS object,
        count(DISTINCT (e.document, e.start, e."end")) AS together
    FROM statements s JOIN evidence e ON e.statement = s.id
    WHERE s.predicate = 'cooccurs_with' AND s.subject <> s.object
        AND NOT starts_with(e.extractor, 'cooccurrence-document')
    GROUP BY ALL
"""
_MARGINALS = {
    "document": "SELECT entity, count(*) AS n FROM occurrences GROUP BY entity",
    "sentence": "SELECT entity, sum(sentences)::BIGINT AS n FROM occurrences GROUP BY entity",
}
_NAMED = """
    SELECT p.subject, a.name AS subject_name, a.category AS subject_category,
        p.object, b.name AS object_name, b.category AS object_category,
        p.together, x.n AS subject_count, y.n AS object_count
    FROM pairs p
    JOIN entities a ON a.id = p.subject JOIN entities b ON b.id = p.object
    JOIN marginals x ON x.entity = p.subject JOIN marginals y ON y.entity = p.object
    WHERE p.together >= $least AND ($wanted IS NULL
        OR (a.category = $wanted[1] AND b.category = $wanted[2])
        OR (a.category = $wanted[2] AND b.category = $wanted[1]))
    ORDER BY p.subject, p.object
"""


def associations(
    connection: duckdb.DuckDBPyConnection,
    *,
    level: str = "document",
    total: int | None = None,
    min_together: int = 1,
    categories: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """Return how strongly each pair of entities is associated, the strongest first.

    Pairs are counted and joined out of core; only the pairs that pass are held in memory.

    Args:
        connection: holds the graph's tables as views.
        level: ``document`` counts documents that mention both; ``sentence`` counts sentences, by
            the evidence of ``cooccurs_with`` statements.
        total: documents or sentences in all. Documents default to the graph's; the graph doesn't
            know its number of sentences, so ``sentence`` needs it.
        min_together: only pairs that come together at least so often.
        categories: only pairs of these two categories, in either order.

    Returns:
        One pair a row: subject, object (with name and category), together, subject_count,
        object_count, expected (under independence), pmi (Church & Hanks 1990), npmi (Bouma 2009),
        log_likelihood (Dunning 1993), p_value (hypergeometric, one-sided), q_value (Benjamini &
        Hochberg 1995, over the rows returned). Sorted by log-likelihood where the pair is more
        frequent than expected, those that are rarer last.

    Raises:
        ValueError: an unknown level, ``sentence`` without ``total``, or a total that is less than
            a count.
    """
    if level not in _MARGINALS:
        raise ValueError(f"level is {level!r}; expected 'document' or 'sentence'")
    if total is None:
        if level == "sentence":
            raise ValueError(
                "level 'sentence' needs total, the number of sentences that were read "
                "(the workspace's manifest has it)"
            )
        row = connection.execute("SELECT count(*) FROM documents").fetchone()
        total = int(row[0]) if row else 0
    cursor = connection.cursor()
    pairs = _DOCUMENTS if level == "document" else _SENTENCES
    cursor.execute(f"CREATE OR REPLACE TEMP VIEW pairs AS {pairs}")
    cursor.execute(f"CREATE OR REPLACE TEMP VIEW marginals AS {_MARGINALS[level]}")
    wanted = None if categories is None else list(categories)
    frame: pd.DataFrame = cursor.execute(_NAMED, {"least": min_together, "wanted": wanted}).df()
    return _measured(frame, total)


def _measured(frame: pd.DataFrame, total: int) -> pd.DataFrame:
    """Add the measures and sort."""
    import numpy as np

    from kgbuild import statistics

    together, x, y = (
        frame[name].to_numpy(dtype=np.int64)
        for name in ("together", "subject_count", "object_count")
    )
    if len(frame) and int(max(x.max(), y.max())) > total:
        raise ValueError(f"total is {total}, but an entity occurs {max(x.max(), y.max())} times")
    total = max(total, 1)  # of no documents there are no pairs: the measures of none are none
    frame["expected"] = x * (y / total)
    frame["pmi"] = statistics.pmi(together, x, y, total)
    frame["npmi"] = statistics.npmi(together, x, y, total)
    frame["log_likelihood"] = statistics.log_likelihood(together, x, y, total)
    frame["p_value"] = statistics.hypergeometric_tail(together, x, y, total)
    frame["q_value"] = statistics.benjamini_hochberg(frame["p_value"].to_numpy())
    signed = np.where(together >= frame["expected"], 1, -1) * frame["log_likelihood"]
    order = np.argsort(-signed.to_numpy(), kind="stable")
    return frame.iloc[order].reset_index(drop=True)
