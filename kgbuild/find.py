"""Finding entities by identifier or name: exact, then by prefix, then by similarity."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

__all__ = ["find_entities"]

_VIEW = """
    CREATE VIEW IF NOT EXISTS names AS
    SELECT id, name, category, documents,
        unnest(list_distinct([name] || coalesce(synonyms, []::VARCHAR[]))) AS matched
    FROM entities
"""
_EXACT = """
    WITH hits AS (
        SELECT *, CASE WHEN lower(id) = lower($text) THEN 'id'
                WHEN lower(name) = lower($text) THEN 'name'
                WHEN lower(matched) = lower($text) THEN 'synonym' ELSE 'prefix' END AS how,
            CASE how WHEN 'id' THEN 1.0 WHEN 'name' THEN 1.0 WHEN 'synonym' THEN 0.99
                ELSE 0.9 * length($text) / length(matched) END AS score
        FROM names
        WHERE ($category IS NULL OR category = $category)
            AND (lower(id) = lower($text) OR starts_with(lower(matched), lower($text)))
    )
    SELECT id, name, category, matched, how, score, documents FROM hits
    QUALIFY row_number() OVER (PARTITION BY id ORDER BY
        score DESC, lower(matched) <> lower(name), length(matched), matched) = 1
    ORDER BY how = 'prefix', score DESC, documents DESC, id LIMIT $limit
"""
_NAMES = """
    SELECT id, name, category, documents, matched FROM names
    WHERE $category IS NULL OR category = $category
"""
_COLUMNS = ["id", "name", "category", "matched", "how", "score", "documents"]


def find_entities(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    *,
    category: str | None = None,
    limit: int = 10,
    cutoff: float = 75.0,
) -> pd.DataFrame:
    """Return the entities that ``text`` may mean, best first.

    Args:
        connection: holds a view ``entities``.
        text: an identifier, a name or synonym, the beginning of one, or something like it.
        category: only entities of this category.
        limit: at most so many rows.
        cutoff: the least similarity, 0 to 100, of what is neither equal nor a prefix.

    Returns:
        Columns id, name, category, matched (the name that matched), how (id, name, synonym,
        prefix or similar), score (0 to 1) and documents. Empty text finds nothing.
    """
    import pandas as pd

    text = text.strip()
    if not text or limit < 1:
        return pd.DataFrame(columns=_COLUMNS)
    connection.execute(_VIEW)
    values = {"text": text, "category": category, "limit": limit}
    found: pd.DataFrame = connection.execute(_EXACT, values).df()
    if len(found) == 0:
        found = _similar(connection, text, category=category, limit=limit, cutoff=cutoff)
    return found


def _similar(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    *,
    category: str | None,
    limit: int,
    cutoff: float,
) -> pd.DataFrame:
    """Return the entities whose names are most similar, the best name of each."""
    import pandas as pd
    from rapidfuzz import fuzz, process, utils

    best: dict[str, tuple[float, tuple[str, str, str, int, str]]] = {}
    cursor = connection.cursor().execute(_NAMES, {"category": category})
    while rows := cursor.fetchmany(50_000):
        hits = process.extract(
            text, [row[4] or "" for row in rows], scorer=fuzz.WRatio,
            processor=utils.default_process, limit=3 * limit, score_cutoff=cutoff,
        )  # fmt: skip
        for _, score, place in hits:
            row = rows[place]
            # WRatio gives every name that contains the text the same score
            close = score / 100 - abs(len(row[4]) - len(text)) / 1000
            if row[0] not in best or best[row[0]][0] < close:
                best[row[0]] = (close, row)
    ordered = sorted(best.values(), key=lambda hit: (-hit[0], -(hit[1][3] or 0), hit[1][0]))
    content = [
        [row[0], row[1], row[2], row[4], "similar", round(max(score, 0.0), 3), row[3]]
        for score, row in ordered[:limit]
    ]
    return pd.DataFrame(content, columns=_COLUMNS)
