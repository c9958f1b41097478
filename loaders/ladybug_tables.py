"""The tables of a graph in Ladybug, and the SQL that stages their rows in column order."""

from __future__ import annotations

__all__ = ["DOCUMENT", "ENTITY", "EVIDENCE", "NODES", "RELATIONSHIPS", "RESERVED", "STATEMENT"]

RESERVED = ("Document", "Evidence", "HAS_OBJECT", "HAS_SUBJECT", "IN_DOCUMENT", "MENTIONS")
"""Labels and relationship types that no category or predicate may have, whatever the case."""

ENTITY = {
    "id": "STRING PRIMARY KEY",
    "name": "STRING",
    "synonyms": "STRING[]",
    "xrefs": "STRING[]",
    "parents": "STRING[]",
    "vocabulary": "STRING",
    "mentions": "INT64",
    "sentences": "INT64",
    "documents": "INT64",
}
STATEMENT = {
    "id": "STRING",
    "belief": "DOUBLE",
    "papers": "INT64",
    "sentences": "INT64",
    "negated": "INT64",
    "hedged": "INT64",
    "novel": "BOOL",
    "first_year": "INT32",
    "last_year": "INT32",
    "extractors": "STRING[]",
    "qualifiers": "STRING[]",
}
EVIDENCE = {
    "id": "STRING PRIMARY KEY",
    "statement": "STRING",
    "document": "STRING",
    "sentence": "STRING",
    "start": "INT32",
    "end": "INT32",
    "subject_start": "INT32",
    "subject_end": "INT32",
    "object_start": "INT32",
    "object_end": "INT32",
    "score": "DOUBLE",
    "extractor": "STRING",
    "negated": "BOOL",
    "hedged": "BOOL",
    "novel": "BOOL",
}
DOCUMENT = {
    "id": "STRING PRIMARY KEY",
    "title": "STRING",
    "date": "STRING",
    "year": "INT32",
    "source": "STRING",
}

# each row's table is named by column a (nodes), or r, a and b (type, from label, to label)
NODES = (
    "SELECT id, name, synonyms, xrefs, parents, vocabulary, mentions, sentences, documents,"
    " category AS a FROM entities",
    "SELECT id, title, date, year, source, 'Document' AS a FROM documents",
    'SELECT id, statement, document, sentence, start, "end", subject_start, subject_end,'
    " object_start, object_end, score, extractor, negated, hedged, novel, 'Evidence' AS a"
    " FROM evidence",
)
# Neo4j has no map properties: qualifiers are `key=value` strings in both stores
RELATIONSHIPS = (
    'SELECT subject AS "from", object AS "to", id, belief, papers, sentences, negated, hedged,'
    " novel, first_year, last_year, extractors, list_sort(list_transform(map_entries(qualifiers),"
    " lambda q: q.key || '=' || q.value)) AS qualifiers,"
    " predicate AS r, subject_category AS a, object_category AS b FROM statements"
    " LEFT JOIN novelty ON statement = id",
    "SELECT e.id AS \"from\", s.subject AS \"to\", 'HAS_SUBJECT' AS r, 'Evidence' AS a,"
    " s.subject_category AS b FROM evidence e JOIN statements s ON s.id = e.statement",
    "SELECT e.id AS \"from\", s.object AS \"to\", 'HAS_OBJECT' AS r, 'Evidence' AS a,"
    " s.object_category AS b FROM evidence e JOIN statements s ON s.id = e.statement",
    "SELECT id AS \"from\", document AS \"to\", 'IN_DOCUMENT' AS r, 'Evidence' AS a,"
    " 'Document' AS b FROM evidence",
    'SELECT o.document AS "from", o.entity AS "to", o.mentions, o.sentences, \'MENTIONS\' AS r,'
    " 'Document' AS a, e.category AS b FROM occurrences o JOIN entities e ON e.id = o.entity",
)
