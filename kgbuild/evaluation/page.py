"""The report as one HTML page: no scripts, nothing fetched, all text of documents escaped."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import islice

from kgbuild.errors import MissingExtraError
from kgbuild.evaluation.differences import Difference
from kgbuild.evaluation.identifier_errors import IdentifierError
from kgbuild.evaluation.marked_text import marked, marks_of
from kgbuild.evaluation.mentions import MentionSpan, mention_spans
from kgbuild.evaluation.page_style import STYLE
from kgbuild.evaluation.result import Evaluation, RelationError, Resampling, Row, Table
from kgbuild.evaluation.text import interval, percent
from kgbuild.records import AnnotatedDocument

__all__ = ["page"]

DOCUMENTS = 100
FREQUENT = 30
NAMED = 3


def page(evaluation: Evaluation, resampling: Resampling, *, documents: int = DOCUMENTS) -> str:
    """Return the page.

    Args:
        evaluation: what was measured.
        resampling: how its intervals were made.
        documents: how many documents to show side by side, those with most errors first.
    """
    title = f"{evaluation.predictions} by {evaluation.gold}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{evaluation.documents:,} documents.{_how(resampling)}</p>",
        _notes(evaluation.notes),
        *(_section(table) for table in evaluation.tables),
        _curves(evaluation),
        _kinds(evaluation),
        _frequent(evaluation),
        _identifiers(evaluation),
        _links(evaluation),
        _documents(evaluation, documents),
    ]
    body = "\n".join(filter(None, parts))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def _how(resampling: Resampling) -> str:
    if not resampling.samples:
        return ""
    return (
        f" In brackets: {100 * resampling.confidence:g} % intervals from {resampling.samples:,} "
        f"resamplings of the documents (seed {resampling.seed})."
    )


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    return "<ul class=notes>" + "".join(f"<li>{escape(note)}</li>" for note in notes) + "</ul>"


def _html_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1) -> str:
    """Return a table of cells that are HTML already; the first ``texts`` columns are texts."""
    heads = "".join(
        f"<th{'' if i < texts else ' class=n'}>{escape(name)}</th>" for i, name in enumerate(head)
    )
    lines = "".join(
        "<tr>"
        + "".join(f"<td{'' if i < texts else ' class=n'}>{cell}</td>" for i, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    head_and_body = f"<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody>"
    return f"<div class=wide><table>{head_and_body}</table></div>"


def _section(table: Table) -> str:
    head = f"<h2>{escape(table.title)}</h2><p class=note>{escape(table.note)}</p>"
    if table.measure == "accuracy":
        return head + _accuracy(table)
    rows = []
    for row in table.rows:
        s = row.score
        rows.append([
            _indented(row.label), f"{s.gold:,}", f"{s.found:,}", f"{s.right:,}",
            percent(s.precision), percent(s.recall), f"<b>{percent(s.f1)}</b>",
            f"<span class=dim>{interval(row.intervals, 'f1')}</span>",
        ])  # fmt: skip
    return head + _html_table(["", "gold", "found", "right", "P", "R", "F1", ""], rows)


def _indented(label: str) -> str:
    inner = escape(label.strip())
    return f"<span class=inner>{inner}</span>" if label.startswith(" ") else inner


def _accuracy(table: Table) -> str:
    columns = list(dict.fromkeys(row.column for row in table.rows))
    labels: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in table.rows:
        labels[row.label][row.column] = row
    rows = [
        [
            escape(label), f"{next(iter(cells.values())).score.gold:,}",
            *(
                f"<b>{percent(cells[c].score.recall)}</b> "
                f"<span class=dim>{interval(cells[c].intervals, 'recall')}</span>"
                for c in columns
            ),
        ]
        for label, cells in labels.items()
    ]  # fmt: skip
    return _html_table(["", "mentions", *columns], rows)


def _curves(evaluation: Evaluation) -> str:
    if not evaluation.curves:
        return ""
    from kgbuild.evaluation.curve_picture import curve_svg

    head = "<h2>Statements as belief rises</h2>"
    try:
        return f"{head}<div class=picture>{curve_svg(evaluation.curves)}</div>"
    except MissingExtraError as error:
        return f"{head}<p class=note>{escape(str(error))}</p>"


def _kinds(evaluation: Evaluation) -> str:
    if not any(evaluation.kinds.values()):
        return ""
    rows = [[escape(kind), f"{count:,}"] for kind, count in evaluation.kinds.items()]
    return "<h2>Errors of mentions</h2>" + _html_table(["kind", "number"], rows)


def _frequent(evaluation: Evaluation) -> str:
    """Return what is wrong most often, by text."""
    texts = _texts(evaluation)
    counts = Counter(
        (error.kind, *(_mention(span, texts) if span else "" for span in (error.gold, error.found)))
        for error in evaluation.differences
    )
    rows = [
        [gold, found, kind, f"{n:,}"] for (kind, gold, found), n in counts.most_common(FREQUENT)
    ]
    if not rows:
        return ""
    head = "<h2>The most frequent errors of mentions</h2>"
    return head + _html_table(["gold", "predicted", "kind", "number"], rows, texts=3)


def _texts(evaluation: Evaluation) -> dict[str, str]:
    return {gold.document.id: gold.document.text for gold, _ in evaluation.items}


def _mention(span: MentionSpan, texts: Mapping[str, str]) -> str:
    text = texts[span.document][span.start : span.end]
    return f"{escape(text)} <span class=dim>{escape(span.category)}</span>"


def _identifiers(evaluation: Evaluation) -> str:
    """Return which mentions that were found have wrong identifiers, by text."""
    texts, names = _texts(evaluation), _names(evaluation)
    documents: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for error in evaluation.identifiers:
        gold = _ids(error.gold, error.found, "missed", names)
        found = _ids(error.found, error.gold, "spurious", names)
        documents[_mention(error.place, texts), gold, found].append(error.place.document)
    if not documents:
        return ""
    most = sorted(documents.items(), key=lambda item: -len(item[1]))[:FREQUENT]
    rows = [[*cells, _some(dict.fromkeys(where)), f"{len(where):,}"] for cells, where in most]
    head = (
        "<h2>Mentions found that have wrong identifiers</h2><p class=note>at the right place, of "
        "the right category; <mark class=missed>in gold alone</mark>, "
        "<mark class=spurious>predicted alone</mark>; the most frequent</p>"
    )
    return head + _html_table(
        ["mention", "gold", "predicted", "documents", "number"], rows, texts=4
    )


def _names(evaluation: Evaluation) -> dict[str, str]:
    groundings = (g for pair in evaluation.items for item in pair for g in item.groundings)
    return {g.curie: g.name for g in groundings if g.curie and g.name}


def _ids(curies: Sequence[str], others: Sequence[str], kind: str, names: Mapping[str, str]) -> str:
    """Return identifiers with their names, those that are not among ``others`` marked."""
    shown = []
    for curie in curies:
        own = _id(curie) if curie in others else f"<mark class={kind}>{_id(curie)}</mark>"
        shown.append(f"{own} {escape(names.get(curie, ''))}".rstrip())
    return ", ".join(shown) or "NIL"


def _some(documents: Collection[str]) -> str:
    more = f" and {len(documents) - NAMED:,} more" if len(documents) > NAMED else ""
    return ", ".join(map(_id, islice(documents, NAMED))) + more


def _links(evaluation: Evaluation) -> str:
    if not evaluation.links:
        return ""
    rows = [
        [
            f"{escape(e.text)} <span class=dim>{escape(e.category)}</span>",
            ", ".join(map(_id, e.gold)),
            f"{_id(e.found)} {escape(e.name)}" if e.found else "NIL",
            escape(e.why), f"{e.count:,}",
        ]
        for e in evaluation.links[:FREQUENT]
    ]  # fmt: skip
    head = (
        "<h2>Gold mentions that were linked wrongly</h2><p class=note>their places given; the most "
        "frequent</p>"
    )
    return head + _html_table(["mention", "gold", "linked to", "why", "number"], rows, texts=4)


def _id(curie: str) -> str:
    return f"<span class=id>{escape(curie)}</span>"


@dataclass(slots=True)
class _Errors:
    """What is wrong in one document."""

    mentions: list[Difference] = field(default_factory=list)
    identifiers: list[IdentifierError] = field(default_factory=list)
    relations: list[RelationError] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.mentions) + len(self.identifiers) + len(self.relations)


def _documents(evaluation: Evaluation, limit: int) -> str:
    errors: dict[str, _Errors] = defaultdict(_Errors)
    for error in evaluation.differences:
        errors[error.place.document].mentions.append(error)
    for misnamed in evaluation.identifiers:
        errors[misnamed.place.document].identifiers.append(misnamed)
    for wrong in evaluation.relations:
        errors[wrong.pair.document].relations.append(wrong)

    def number(pair: tuple[AnnotatedDocument, AnnotatedDocument]) -> int:
        return len(errors[pair[0].document.id])

    bad = sorted(filter(number, evaluation.items), key=number, reverse=True)
    if not bad:
        return ""
    categories = {m.category for gold, _ in evaluation.items for m in gold.mentions}
    more = f", the {limit:,} with most errors of {len(bad):,}" if len(bad) > limit else ""
    legend = (
        "<p class=legend><mark class=right>right</mark> <mark class=missed>missed</mark> "
        "<mark class=spurious>spurious</mark> <mark class=boundary>wrong boundary</mark> "
        "<mark class=type>wrong category</mark> <mark class=both>both wrong</mark> "
        "<mark class=identifier>wrong identifier</mark></p>"
    )
    sections = [_document(*pair, errors[pair[0].document.id], categories) for pair in bad[:limit]]
    of = escape(evaluation.relations_of)
    note = f"<p class=note>Relations are those of the table “{of}”.</p>" if of else ""
    return f"<h2>Documents with errors{more}</h2>{legend}{note}" + "".join(sections)


def _document(
    gold: AnnotatedDocument,
    found: AnnotatedDocument,
    errors: _Errors,
    categories: set[str],
) -> str:
    sides = []
    shared = mention_spans([gold]) & mention_spans([found])
    for name, item, is_found in (("gold", gold, False), ("predicted", found, True)):
        spans = [span for span in mention_spans([item]) if span.category in categories]
        marks = marks_of(spans, errors.mentions, errors.identifiers, found=is_found)
        # Where mentions are not measured, one that a single side has is neither right nor wrong.
        judged = [mark for mark in marks if mark.kind or mark.span in shared]
        text = marked(gold.document.text, judged)
        sides.append(f"<div><h4>{name}</h4><p class=text>{text}</p></div>")
    wrong = len(errors)
    return (
        f"<section><h3>{escape(gold.document.id)} "
        f"<span class=dim>{wrong} error{'s' if wrong != 1 else ''}</span></h3>"
        f"<div class=sides>{''.join(sides)}</div>{_relations(errors.relations)}</section>"
    )


def _relations(errors: Sequence[RelationError]) -> str:
    if not errors:
        return ""
    rows = []
    for error in errors:
        kind = "spurious" if error.found else "missed"
        said = f" (the other side: {escape(error.instead)})" if error.instead else ""
        one, other = (
            f"{escape(name)} <span class=dim>{escape(curie)}</span>"
            for name, curie in zip(error.names, (error.pair.first, error.pair.second), strict=True)
        )
        rows.append([f"<mark class={kind}>{kind}</mark>", one, other,
                     escape(error.pair.type) + said])  # fmt: skip
    return _html_table(["relation", "one", "other", "type"], rows, texts=4)
