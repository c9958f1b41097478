"""Reading an Oxigraph store: SPARQL in, DataFrames and triples out, nothing written."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgbuild.errors import StoreError
from kgbuild.loaders.oxigraph import restore
from kgbuild.loaders.rdf_terms import curie_of, prefixes_of

if TYPE_CHECKING:
    import pandas as pd

    from kgbuild.ontologies.schema import Schema

__all__ = ["SparqlStore"]

_NOT_KEYWORDS = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    r"|<[^<>\s]*>|#[^\n]*|[?$]\w+|[\w.-]*:[\w.:-]*",
    re.DOTALL,
)
_REFUSED = re.compile(
    r"\b(INSERT|DELETE|LOAD|CLEAR|CREATE|DROP|COPY|MOVE|ADD|SERVICE)\b", re.IGNORECASE
)
_NUMBERS = {"integer": int, "double": float, "decimal": float, "float": float, "int": int}


class SparqlStore:
    """An Oxigraph store opened for reading; several processes may read one at a time.

    Queries are SPARQL 1.1. The schema's prefixes, ``kgb:`` and the usual ones (``rdfs:``,
    ``skos:``, ``prov:``, ...) need no declaration. Updates and ``SERVICE`` are refused.
    """

    def __init__(self, path: Path, *, schema: Schema) -> None:
        """Open the store folder ``path``.

        Raises:
            StoreError: it is absent or no Oxigraph store.
        """
        import pyoxigraph

        self.path = path
        self._remember(schema)
        restore(path)
        if not path.is_dir():
            raise StoreError(
                f"there is no SPARQL store at {path}: load the graph into it with `kgbuild build`"
            )
        try:
            self._store = pyoxigraph.Store.read_only(str(path))
        except OSError as error:
            raise StoreError(
                f"{path} can't be opened ({error}): delete it and run `kgbuild build` again"
            ) from error

    def _remember(self, schema: Schema) -> None:
        self._prefixes = prefixes_of(schema)
        self._curie = lru_cache(1 << 16)(lambda iri: curie_of(schema, iri))

    def select(self, query: str) -> pd.DataFrame:
        """Return the solutions of a SELECT: IRIs as CURIEs, literals as Python values.

        Raises:
            StoreError: the query is wrong, would write, or is not a SELECT.
        """
        import pandas as pd
        import pyoxigraph

        found = self._query(query)
        if not isinstance(found, pyoxigraph.QuerySolutions):
            raise _other_form("a SELECT", query)
        names = [variable.value for variable in found.variables]
        rows = [[self._value(solution[name]) for name in names] for solution in found]
        return pd.DataFrame(rows, columns=names)

    def ask(self, query: str) -> bool:
        """Return the answer of an ASK.

        Raises:
            StoreError: the query is wrong, would write, or is not an ASK.
        """
        import pyoxigraph

        found = self._query(query)
        if not isinstance(found, pyoxigraph.QueryBoolean):
            raise _other_form("an ASK", query)
        return bool(found)

    def construct(self, query: str) -> pd.DataFrame:
        """Return the triples of a CONSTRUCT or DESCRIBE: columns subject, predicate, object.

        Raises:
            StoreError: the query is wrong, would write, or gives no triples.
        """
        import pandas as pd
        import pyoxigraph

        found = self._query(query)
        if isinstance(found, pyoxigraph.QuerySolutions | pyoxigraph.QueryBoolean):
            raise _other_form("a CONSTRUCT or DESCRIBE", query)
        rows = [[self._value(part) for part in (t.subject, t.predicate, t.object)] for t in found]
        return pd.DataFrame(rows, columns=["subject", "predicate", "object"])

    def _query(self, query: str) -> Any:
        keywords = _NOT_KEYWORDS.sub(" _ ", query)
        if refused := _REFUSED.search(keywords):
            raise StoreError(
                f"{refused.group(1).upper()} is refused: the graph is read-only here and asks no "
                "other server. Export it (`kgbuild export --format turtle`) to a store of your own"
            )
        try:
            return self._ask(query)
        except (SyntaxError, ValueError) as error:
            message = self._hint(query) or f"the SPARQL query is wrong: {error}"
            raise StoreError(message) from error

    def _ask(self, query: str) -> Any:
        return self._store.query(query, prefixes=self._prefixes)

    def _hint(self, query: str) -> str:
        used = set(re.findall(r"(?<![\w<:/])([A-Za-z][\w.-]*):(?!//)", query))
        declared = set(re.findall(r"PREFIX\s+([\w.-]+):", query, re.IGNORECASE))
        if unknown := sorted(used - declared - set(self._prefixes) - {"_"}):
            return (
                f"the prefix {unknown[0]}: is not known: declare it with PREFIX "
                f"{unknown[0]}: <...>, or use one of the schema's"
            )
        return ""

    def _value(self, term: Any) -> Any:
        """Return an RDF term as a Python value."""
        import pyoxigraph

        if term is None:
            return None
        if isinstance(term, pyoxigraph.NamedNode):
            return self._curie(term.value)
        if isinstance(term, pyoxigraph.Literal):
            kind = term.datatype.value.rpartition("#")[2]
            if kind == "boolean":
                return term.value in {"true", "1"}
            return _NUMBERS.get(kind, str)(term.value)
        return str(term)


def _other_form(wanted: str, query: str) -> StoreError:
    return StoreError(
        f"this is not {wanted} query: use `sparql` for SELECT, `ask` for ASK, `construct` for "
        f"CONSTRUCT and DESCRIBE (got {query.strip()[:60]!r})"
    )
