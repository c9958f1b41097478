"""Write the true answers below the Cypher questions of README.md.

    python docs/make_answers.py GRAPH

Each ```cypher block that is followed by a table gets the rows that the graph of the examples gives.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from kgbuild.graph import Graph

__all__ = ["answered"]

README = Path(__file__).resolve().parents[1] / "README.md"
_QUESTION = re.compile(r"(```cypher\n(.*?)```\n\n)((?:\|[^\n]*\n)+)", re.DOTALL)


def answered(text: str, graph: Graph) -> str:
    """Return ``text`` with the table below each Cypher question replaced by the true one."""

    def answer(found: re.Match[str]) -> str:
        frame = graph.cypher(found.group(2))
        lines = ["| " + " | ".join(frame.columns) + " |", "|" + "---|" * len(frame.columns)]
        lines += [f"| {' | '.join(map(_cell, row))} |" for row in frame.itertuples(index=False)]
        return found.group(1) + "\n".join(lines) + "\n"

    return _QUESTION.sub(answer, text)


def _cell(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value).replace("|", "\\|")


if __name__ == "__main__":
    with Graph.open(sys.argv[1]) as opened:
        README.write_text(answered(README.read_text("utf-8"), opened), encoding="utf-8")
