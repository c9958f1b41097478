"""Write docs/walkthrough.md: one sentence through every stage, with the tables that it leaves.

Run it as ``python docs/make_walkthrough.py`` after a change that alters what is found;
tests/test_docs.py compares the page with what the code gives.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import kgbuild
from kgbuild.api import build_into

ROOT = Path(__file__).resolve().parents[1]
SENTENCE = (
    "In familial hypercholesterolemia (FH), atorvastatin inhibits HMGCR, "
    "but vitamin E did not prevent stroke."
)
CYPHER = """\
MATCH (a)-[r]->(b) WHERE r.belief >= 0 AND type(r) <> 'cooccurs_with'
RETURN a.name AS subject, type(r) AS predicate, b.name AS object,
       r.belief AS belief, r.sentences AS sentences, r.negated AS negated
ORDER BY belief DESC, subject, object"""
TRIPLES = """\
CONSTRUCT { ?drug kgb:predicate:inhibits ?gene . ?statement ?property ?value }
WHERE {
  ?statement rdf:subject ?drug ; rdf:predicate kgb:predicate:inhibits ; rdf:object ?gene ;
             ?property ?value .
}"""
_HASH = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{16}\b")
Row = Mapping[str, Any]


def page() -> str:
    """Return the page's text, from a build of the sentence in a temporary folder."""
    document = kgbuild.Document(
        "kgb.doc:walkthrough",
        SENTENCE,
        passages=(kgbuild.Passage("abstract", 0, len(SENTENCE)),),
        date="2024-05-01",
    )
    config = kgbuild.Config.model_validate({"grounding": {"dense": "off"}})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "graph"
        build_into(folder, memory=[document], config=config)
        with kgbuild.open(folder) as graph:
            return "\n".join(_sections(folder, graph)).rstrip() + "\n"


def _sections(folder: Path, graph: kgbuild.Graph) -> Iterable[str]:
    tables = {path.parent.name: path for path in sorted((folder / "tables").glob("*/*.parquet"))}

    def rows(name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = pq.ParquetFile(tables[name]).read().to_pylist()
        return found

    text = rows("documents")[0]["text"]
    mentions = {row["id"]: row for row in rows("mentions")}
    groundings = {row["mention"]: row for row in rows("groundings")}
    places = _placed(mentions.values())
    yield from _opening()
    yield from _reading(rows("documents"))
    yield from _text(text, rows)
    yield from _mentions(places, groundings)
    yield from _relations(rows("relations"), mentions, text)
    yield from _graph(graph)
    yield from _stores(graph)
    yield from _end()


def _placed(mentions: Iterable[Row]) -> list[Row]:
    return sorted(mentions, key=lambda row: (row["start"], row["end"]))


def _opening() -> Iterable[str]:
    yield "# One sentence through every stage"
    yield ""
    yield "<!-- written by docs/make_walkthrough.py: change that, and run it -->"
    yield ""
    yield (
        "What follows is what `kgbuild build` does with one sentence, shown by the tables that it "
        "leaves in the output folder. Nothing is typed by hand: "
        "`python docs/make_walkthrough.py` writes this page, and a test compares the two. "
        "Hashes are cut to eight digits."
    )
    yield ""
    yield f"> {SENTENCE}"
    yield ""
    yield (
        "It is short, but it has an abbreviation, two facts, a negation, and entities that it "
        "doesn't relate. It is written for this page and no medical advice."
    )


def _reading(documents: list[dict[str, Any]]) -> Iterable[str]:
    yield from _heading("1. Read", "tables/documents")
    yield (
        "A reader makes a document: an id, the text, and its passages (title, abstract, figure "
        "legends, ...) as offsets into the text. Every later offset counts characters of this text."
    )
    kept = [
        {
            "id": row["id"],
            "date": row["date"],
            "characters": len(row["text"]),
            "passages": ", ".join(f"{p['kind']} {p['start']}–{p['end']}" for p in row["passages"]),
        }
        for row in documents
    ]
    yield from _table(kept)


def _text(text: str, rows: Callable[[str], list[dict[str, Any]]]) -> Iterable[str]:
    yield from _heading("2. Segment", "tables/sentences, tables/abbreviations")
    yield "Sentences are offsets too; they never cross a passage."
    found = [{**_span(row), "text": text[row["start"] : row["end"]]} for row in rows("sentences")]
    yield from _table(found)
    yield ""
    yield (
        "Abbreviations that the document defines, by the algorithm of Schwartz and Hearst (2003):"
    )
    yield from _table(
        [{"short": row["short"], "long": row["long"]} for row in rows("abbreviations")]
    )


def _mentions(mentions: list[Row], groundings: Mapping[str, Row]) -> Iterable[str]:
    yield from _heading("3. Recognize", "tables/mentions")
    yield (
        "The trained model (tagger) and the names of the loaded vocabularies (dictionary, here the "
        "starter vocabulary); where both find one, the longer is kept, then the surer; "
        "`text[start:end]` is always the mention's text."
    )
    yield from _table(
        {**_span(row), "text": row["text"], "category": row["category"], "score": row["score"],
         "extractor": row["extractor"].partition("/")[0]}
        for row in mentions
    )  # fmt: skip
    yield from _heading("4. Ground", "tables/groundings")
    yield (
        "Each mention gets an identifier, or NIL with the reason. The method says how: a short "
        "form goes by the long form that the document gives it, before any dictionary is asked."
    )
    yield from _table(
        {"mention": row["text"], "identifier": found["curie"] or "NIL", "name": found["name"],
         "method": found["method"], "score": found["score"], "reason": found["reason"]}
        for row in mentions
        if (found := groundings[row["id"]])
    )  # fmt: skip


def _relations(relations: list[dict[str, Any]], mentions: Row, text: str) -> Iterable[str]:
    typed = [row for row in relations if row["predicate"] != "cooccurs_with"]
    yield from _heading("5. Relate", "tables/relations")
    yield (
        "Trigger patterns say who does what to whom. What is denied is kept and marked, not "
        "dropped: that nobody found an effect is worth knowing."
    )
    yield from _table(_relation(row, mentions) for row in typed)
    together = len(relations) - len(typed)
    yield ""
    yield (
        f"Co-occurrence adds {together} more (`cooccurs_with`), one for each pair of entities in "
        "the sentence: no statement of fact, but what association measures count."
    )


def _relation(row: Row, mentions: Row) -> dict[str, Any]:
    return {
        "subject": mentions[row["subject"]]["text"],
        "predicate": row["predicate"],
        "object": mentions[row["object"]]["text"],
        "trigger": row["trigger"],
        "negated": row["negated"],
        "hedged": row["hedged"],
        "score": row["score"],
    }


def _graph(graph: kgbuild.Graph) -> Iterable[str]:
    statements = graph.statements[graph.statements["predicate"] != "cooccurs_with"]
    statements = statements.sort_values("belief", ascending=False)
    yield from _heading("6. Assemble", "graph/statements, graph/evidence, graph/entities")
    yield (
        "Relations between the same two identifiers become one statement, whose id is the hash "
        "of subject, predicate, object and qualifiers. Belief comes from the evidence: the more "
        "papers affirm it, the nearer to 1. A statement that is only denied has none."
    )
    columns = ["id", "subject", "predicate", "object", "belief", "papers", "sentences", "negated"]
    yield from _table(statements[columns].to_dict("records"))
    yield ""
    yield "The evidence of each, which keeps the sentence itself:"
    evidence = graph.evidence.set_index("statement").loc[list(statements["id"])].reset_index()
    columns = ["id", "statement", "document", "start", "end", "negated", "extractor"]
    yield from _table(evidence[columns].to_dict("records"))
    yield ""
    yield "And the entities, now nodes:"
    columns = ["id", "name", "category", "vocabulary", "mentions"]
    yield from _table(graph.entities[columns].to_dict("records"))


def _stores(graph: kgbuild.Graph) -> Iterable[str]:
    yield from _heading("7. Load and ask", "stores/graph.lbug, stores/rdf")
    yield "The graph goes into two embedded stores. In Cypher:"
    yield from ["", "```cypher", CYPHER, "```"]
    yield from _table(graph.cypher(CYPHER).to_dict("records"))
    yield ""
    yield (
        "In RDF the statement is a plain triple, and a node that carries what is known of it (a "
        "statement that is only denied has the node alone). Asked for in SPARQL:"
    )
    yield from ["", "```sparql", TRIPLES, "```"]
    yield from _table(
        sorted(
            graph.construct(TRIPLES).to_dict("records"), key=lambda row: [*map(str, row.values())]
        )
    )


def _end() -> Iterable[str]:
    yield ""
    yield (
        "[architecture.md](architecture.md) says where the code of each stage lies, "
        "[graph.md](graph.md) what the graph holds."
    )


def _heading(title: str, where: str) -> Iterable[str]:
    yield from ["", f"## {title}", "", f"`{'`, `'.join(where.split(', '))}`", ""]


def _span(row: Row) -> dict[str, Any]:
    return {"start": row["start"], "end": row["end"]}


def _table(rows: Iterable[Row]) -> Iterable[str]:
    """Yield a Markdown table; columns that are empty throughout are left out."""
    found = [{key: _cell(value) for key, value in row.items()} for row in rows]
    names = [name for name in found[0] if any(row[name] for row in found)]
    yield ""
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in found:
        yield f"| {' | '.join(row[name] for name in names)} |"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, str) and (found := _HASH.search(value)):
        return f"`{_HASH.sub(found[1], value)}`"
    return str(value).replace("|", "\\|")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "walkthrough.md"
    target.write_text(page(), "utf-8")
