"""The graph as Neo4j holds it: which rows become nodes and relationships, by SQL and Cypher.

Each ``Family`` is a kind of element with a view in DuckDB: ``part`` (the label or type that its
query writes), ``key`` (its identity), ``ends`` (the ids of the nodes that a writer locks), and the
properties. docs/neo4j.md describes the result for those who ask it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kgbuild.layout import manifest_file

if TYPE_CHECKING:
    import duckdb

    from kgbuild.ontologies.schema import Schema
    from kgbuild.tables import GraphTables

__all__ = [
    "EVIDENCE_CHOICES",
    "HASH",
    "LINKS",
    "QUOTED",
    "Family",
    "families",
    "labels_of",
    "make_views",
    "vocabulary_versions",
]

HASH = "kgb_hash"
"""The property that holds an element's content hash, and marks it as kgbuild's."""
LINKS = ("HAS_SUBJECT", "HAS_OBJECT", "IN_DOCUMENT", "MENTIONS")
"""Relationship types that are no predicates."""
EVIDENCE_CHOICES = ("nodes", "properties", "none")

VERSION = "neo4j/1"
_ENTITY = (
    "name", "category", "synonyms", "xrefs", "parents", "vocabulary", "vocabulary_version",
    "mentions", "sentences", "documents",
)  # fmt: skip
_STATEMENT = (
    "belief", "papers", "sentences", "negated", "hedged", "novel", "first_year", "last_year",
    "extractors", "qualifiers",
)  # fmt: skip
QUOTED = (
    "document", "sentence", "start", "end", "subject_start", "subject_end", "object_start",
    "object_end", "score", "extractor", "negated", "hedged", "novel",
)  # fmt: skip
_DOCUMENT = ("title", "date", "year", "source")
_COUNTS = ("mentions", "sentences")

_QUALIFIERS = (
    "list_sort(list_transform(map_entries(s.qualifiers), lambda q: q.key || '=' || q.value))"
)
# a bulk import can't tell an empty list from none, so neither is written
_NAMED = ", ".join(
    f"CASE WHEN len({name}) > 0 THEN {name} END AS {name}"
    for name in ("synonyms", "xrefs", "parents")
)
_QUALIFIED = f"CASE WHEN cardinality(s.qualifiers) > 0 THEN {_QUALIFIERS} END"
_LISTED = ", ".join(
    # lists of Neo4j hold no nulls: what is unknown of a piece of evidence is false there
    ("list(coalesce(novel, false)" if name == "novel" else f'list("{name}"')
    + f" ORDER BY id) AS evidence_{name}"
    for name in ("id", *QUOTED)
)


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of element.

    Attributes:
        name: of its view and of what is shown.
        properties: columns of the view that are written, in order.
        ends: columns of the view with ids of nodes that exist already.
        pattern: matches an element ``x`` in Cypher; ``{part}`` is its part.
        key: what identifies ``x``, in Cypher.
        fixed: what of ``x`` its key leaves open and nothing can change in place: its type and ends,
            as a list of texts in Cypher and in SQL.
        create: creates it from a row ``r``: ends first, then properties, then the hash.
    """

    name: str
    properties: tuple[str, ...]
    ends: tuple[str, ...]
    pattern: str
    key: str
    create: str
    fixed: tuple[str, str] = ("[]", "[]")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a row, in the order that ``create`` takes them."""
        return (*self.ends, *self.properties, "hash")

    @property
    def is_node(self) -> bool:
        """Whether the elements are nodes."""
        return "-[" not in self.pattern

    def values(self, row: str = "r") -> str:
        """Return the properties as a map in Cypher, with values from the list ``row``."""
        first = len(self.ends)
        names = (*self.properties, HASH)
        return ", ".join(f"`{name}`: {row}[{first + n}]" for n, name in enumerate(names))

    def writing(self, part: str, labels: str = "") -> str:
        """Return the Cypher that creates the rows ``$rows`` of a part."""
        filled = self.create.replace("{part}", part).replace("{labels}", labels)
        return f"UNWIND $rows AS r {filled.replace('{values}', self.values())}"


_ENTITIES = Family(
    "entities", ("id", *_ENTITY), (), "(x:Entity)", "x.id",
    # a node that somebody else made of the same id is taken over, with what it has
    "MERGE (x:Entity {id: r[0]}) SET x:{labels}, x += {{values}}",
)  # fmt: skip
_DOCUMENTS = Family(
    "documents", ("id", *_DOCUMENT), (), "(x:Document)", "x.id",
    "MERGE (x:Document {id: r[0]}) SET x += {{values}}",
)  # fmt: skip
_BOTH = "MATCH (a:Entity {id: r[0]}) MATCH (b:Entity {id: r[1]}) "
_EVIDENCE = Family(
    "evidence", ("id", "statement", *QUOTED), ("subject", "object", "of_document"),
    "(x:Evidence)", "x.id",
    _BOTH + "MATCH (d:Document {id: r[2]}) CREATE (x:Evidence {{values}})"
    " CREATE (x)-[:HAS_SUBJECT]->(a) CREATE (x)-[:HAS_OBJECT]->(b)"
    " CREATE (x)-[:IN_DOCUMENT]->(d)",
    (
        "[(x)-[:HAS_SUBJECT]->(a) | a.id] + [(x)-[:HAS_OBJECT]->(b) | b.id]"
        " + [(x)-[:IN_DOCUMENT]->(d) | d.id]",
        "[subject, object, of_document]",
    ),
)  # fmt: skip
_OCCURRENCES = Family(
    "occurrences", _COUNTS, ("document", "entity"),
    "(d)-[x:MENTIONS]->(e)", "d.id + '\\u001f' + e.id",
    "MATCH (d:Document {id: r[0]}) MATCH (e:Entity {id: r[1]})"
    " CREATE (d)-[:MENTIONS {{values}}]->(e)",
)  # fmt: skip


def families(evidence: str) -> tuple[Family, ...]:
    """Return the kinds of elements in the order in which they can be written: nodes first."""
    lists = tuple(f"evidence_{n}" for n in ("id", *QUOTED)) if evidence == "properties" else ()
    statements = Family(
        "statements", ("id", *_STATEMENT, *lists), ("subject", "object"),
        "(a)-[x:`{part}`]->(b)", "x.id", _BOTH + "CREATE (a)-[:`{part}` {{values}}]->(b)",
        ("[type(x), a.id, b.id]", "[part, subject, object]"),
    )  # fmt: skip
    return _ENTITIES, _DOCUMENTS, statements, _EVIDENCE, _OCCURRENCES


def labels_of(schema: Schema, category: str) -> str:
    """Return the labels of an entity as Cypher: Entity, the category and all above it."""
    return ":".join(f"`{name}`" for name in _labels(schema, category))


def _labels(schema: Schema, category: str) -> list[str]:
    return sorted({"Entity", *schema.ancestors(category)})


def make_views(
    connection: duckdb.DuckDBPyConnection,
    *,
    evidence: str,
    schema: Schema,
    versions: dict[str, str],
) -> None:
    """Create the view ``neo4j_NAME`` of each family over the graph's tables, with hashes.

    Args:
        connection: holds the graph's tables.
        evidence: nodes, properties or none; with the last two there are no documents either.
        schema: gives the labels, on which an entity's hash depends.
        versions: of vocabularies by name.
    """
    connection.execute("CREATE TABLE versions (vocabulary VARCHAR, version VARCHAR)")
    connection.execute("CREATE TABLE labelled (category VARCHAR, labels VARCHAR[])")
    if versions:
        connection.executemany("INSERT INTO versions VALUES (?, ?)", list(versions.items()))
    labels = [(name, _labels(schema, name)) for name in schema.categories]
    connection.executemany("INSERT INTO labelled VALUES (?, ?)", labels)
    nothing = "" if evidence == "nodes" else " WHERE false"
    lists = ""
    if evidence == "properties":
        lists = f" LEFT JOIN (SELECT statement, {_LISTED} FROM evidence GROUP BY statement) l"
        lists += " ON l.statement = s.id"
    queries = {
        "entities": f"SELECT category AS part, id AS key, e.* REPLACE ({_NAMED}),"
        " v.version AS vocabulary_version, l.labels FROM entities e"
        " LEFT JOIN versions v USING (vocabulary) LEFT JOIN labelled l USING (category)",
        "documents": f"SELECT 'Document' AS part, id AS key, * FROM documents{nothing}",
        "statements": f"SELECT predicate AS part, id AS key, s.* REPLACE ({_QUALIFIED} AS"
        " qualifiers, CASE WHEN len(s.extractors) > 0 THEN s.extractors END AS extractors),"
        f" n.novel{', l.*' if lists else ''} FROM statements s"
        f" LEFT JOIN novelty n ON n.statement = s.id{lists}",
        "evidence": "SELECT 'Evidence' AS part, e.id AS key, s.subject, s.object,"
        f" e.document AS of_document, e.* FROM evidence e JOIN statements s ON s.id = e.statement"
        f"{nothing}",
        "occurrences": "SELECT 'MENTIONS' AS part, document || chr(31) || entity AS key, *"
        f" FROM occurrences{nothing}",
    }
    for family in families(evidence):
        extra = ["part", *(["labels"] if family.name == "entities" else [])]
        columns = ", ".join(f'"{name}"' for name in (*extra, *family.ends, *family.properties))
        connection.execute(
            f"CREATE VIEW neo4j_{family.name} AS SELECT *, (md5_number_lower(json_array("
            f"'{VERSION}', {columns})::VARCHAR) >> 24)::BIGINT AS hash"
            f" FROM ({queries[family.name]})"
        )


def vocabulary_versions(tables: GraphTables) -> dict[str, str]:
    """Return the versions of the vocabularies that the graph was built with, by name."""
    path = manifest_file(tables.folder.parent)
    if not path.is_file():
        return {}
    known = json.loads(path.read_text("utf-8")).get("vocabularies", [])
    return {entry["name"]: entry["version"] for entry in known if entry.get("version")}
