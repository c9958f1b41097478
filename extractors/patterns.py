"""Relations by trigger patterns: "A, B and C reduced X", "treatment of Y with X", "X-induced Y".

Patterns are data (``patterns.yaml``, or a file of yours); ``pattern_language`` says how templates
are written. Matching is done on masked sentences by regular expressions, with no parser and no
model; only templates whose trigger word is in the sentence are tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kgbuild.errors import ConfigError
from kgbuild.extractors.cues import Cues, find_cues
from kgbuild.extractors.masking import (
    MaskedSentence,
    mask_sentence,
    meanings,
    sentence_mentions,
    slot_codes,
)
from kgbuild.extractors.pattern_file import DEFAULT_PATTERNS, Pattern, PatternFile, load_patterns
from kgbuild.extractors.pattern_language import CompiledTemplate, TemplateError, compile_template
from kgbuild.records import AnnotatedDocument, Mention, Relation

if TYPE_CHECKING:
    from kgbuild.ontologies.schema import Schema

__all__ = ["PatternExtractor", "PatternMatch"]

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class PatternMatch:
    """What one template says about two mentions, before the best is chosen."""

    pattern: Pattern
    construction: str
    subject: Mention
    object: Mention
    start: int
    end: int
    trigger_start: int
    trigger_end: int


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: Pattern
    construction: str
    template: CompiledTemplate


class PatternExtractor:
    """Finds relations by the patterns of a file.

    >>> from kgbuild.ontologies.schema import Schema
    >>> from kgbuild.records import Document, Mention, Sentence
    >>> text = "Aspirin did not prevent fever."
    >>> mentions = Mention("d", 0, 7, "Aspirin", "Drug"), Mention("d", 24, 29, "fever", "Disease")
    >>> document = AnnotatedDocument(Document("d", text), (Sentence(0, 30),), mentions=mentions)
    >>> [[relation]] = PatternExtractor(schema=Schema.load()).extract([document])
    >>> relation.predicate, relation.trigger, relation.negated
    ('prevents', 'prevent', True)
    """

    def __init__(self, *, schema: Schema, patterns: Path | str | None = None) -> None:
        """Compile a patterns file (the shipped biomedical one by default).

        Raises:
            ConfigError: where the file is wrong; it names the pattern and what was expected.
        """
        path = Path(patterns) if patterns is not None else DEFAULT_PATTERNS
        self._file = load_patterns(path, categories=schema.categories, predicates=schema.predicates)
        self._codes = slot_codes(schema.categories)
        self._before = {p.name: _not_before(self._file, p) for p in self._file.patterns}
        self._always: list[_Rule] = []
        self._by_anchor: dict[str, list[_Rule]] = {}
        for rule in _compile(path, self._file, schema, self._codes):
            for anchor in rule.template.anchors:
                rules = self._by_anchor.setdefault(anchor, []) if anchor else self._always
                rules.append(rule)

    @property
    def name(self) -> str:
        """``patterns/FILE-VERSION``."""
        return f"patterns/{self._file.name}-{self._file.version}"

    def extract(self, batch: Sequence[AnnotatedDocument]) -> list[tuple[Relation, ...]]:
        """Return the relations of each document, in order of sentence and place.

        Of several templates that say the same of two mentions, the one with the highest declared
        precision is kept. Mentions of the same entity are not related to each other.
        """
        return [self._extract(document) for document in batch]

    def _extract(self, document: AnnotatedDocument) -> tuple[Relation, ...]:
        best: dict[tuple[str, str, str], Relation] = {}
        for relation, _ in self.explain(document):
            key = (relation.subject, relation.predicate, relation.object)
            if key not in best or best[key].score < relation.score:
                best[key] = relation
        return tuple(best.values())

    def explain(self, document: AnnotatedDocument) -> Iterator[tuple[Relation, PatternMatch]]:
        """Yield every match of every template, with the relation that it makes."""
        names = meanings(document)
        for sentence, mentions in sentence_mentions(document.mentions, document.sentences):
            if len({names[id(mention)] for mention in mentions}) < 2:
                continue
            masked = mask_sentence(document, sentence, mentions, codes=self._codes, names=names)
            matches = self._matches(masked, names)
            if matches:
                cues = find_cues(masked.text)
                for match in matches:
                    yield self._relation(document, masked, cues, match), match

    def _matches(self, masked: MaskedSentence, names: Mapping[int, object]) -> list[PatternMatch]:
        words = set(_WORD.findall(masked.text))
        slots = {masked.text[place] for place in masked.mentions}
        rules = {
            id(rule): rule
            for word in words & self._by_anchor.keys()
            for rule in self._by_anchor[word]
        }
        found = [
            match
            for rule in (*self._always, *rules.values())
            if not slots.isdisjoint(rule.template.subject)
            and not slots.isdisjoint(rule.template.object)
            for match in self._rule_matches(rule, masked, names)
        ]
        found.sort(key=lambda match: (match.start, match.end))
        return found

    def _rule_matches(
        self, rule: _Rule, masked: MaskedSentence, names: Mapping[int, object]
    ) -> Iterator[PatternMatch]:
        position = 0
        while (match := rule.template.regex.search(masked.text, position)) is not None:
            position = match.start() + 1
            start, end = match.span()
            before = self._before[rule.pattern.name]
            if start in masked.mentions and before.search(masked.text, max(0, start - 40), start):
                continue
            trigger = match.span("trigger")
            for subject in _slot_mentions(masked, match.span("subject")):
                for object_ in _slot_mentions(masked, match.span("object")):
                    if names[id(subject)] != names[id(object_)]:
                        yield PatternMatch(
                            rule.pattern, rule.construction, subject, object_, start, end, *trigger
                        )

    def _relation(
        self, document: AnnotatedDocument, masked: MaskedSentence, cues: Cues, match: PatternMatch
    ) -> Relation:
        places = masked.offsets
        start, end = match.trigger_start, match.trigger_end
        trigger = document.document.text[places[start] : places[end - 1] + 1] if start < end else ""
        return Relation(
            document=document.document.id,
            subject=match.subject.id,
            object=match.object.id,
            predicate=match.pattern.predicate,
            score=match.pattern.score(match.construction),
            start=masked.sentence.start,
            end=masked.sentence.end,
            extractor=self.name,
            # Without a trigger one only names the other ("MTHFR C677T"): nothing to deny.
            negated=start < end and cues.negated(match.end, start),
            hedged=start < end and cues.hedged(match.end, start),
            trigger=trigger,
        )


def _compile(
    path: Path, file: PatternFile, schema: Schema, codes: Mapping[str, str]
) -> Iterator[_Rule]:
    every = tuple(dict.fromkeys(verb for pattern in file.patterns for verb in pattern.verbs))
    for pattern in file.patterns:
        words = {
            "verbs": pattern.verbs,
            "nouns": pattern.nouns,
            "agents": pattern.agents,
            "all": every,
        }
        shared = file.constructions if pattern.constructions is None else pattern.constructions
        templates = [
            (name, template)
            for name in shared
            if name not in pattern.without
            for template in file.constructions[name]
        ]
        templates += [("phrases", template) for template in pattern.phrases]
        subject = _slot(file.members(pattern.subject), schema, codes)
        object_ = _slot(file.members(pattern.object), schema, codes)
        blocking = _blocking(file, pattern)
        for name, template in templates:
            try:
                compiled = compile_template(
                    template,
                    words=words,
                    subject=subject,
                    object_=object_,
                    blocking=blocking,
                    after=file.blocking.after,
                    heads=pattern.heads,
                )
            except TemplateError as error:
                raise ConfigError(
                    f"{path}: pattern {pattern.name!r}, template {template!r}: {error}"
                ) from error
            if compiled is not None:
                yield _Rule(pattern, name, compiled)


def _blocking(file: PatternFile, pattern: Pattern) -> list[str]:
    words = dict.fromkeys((*file.blocking.between, *pattern.blocking))
    return [word for word in words if word not in pattern.allowing]


def _not_before(file: PatternFile, pattern: Pattern) -> re.Pattern[str]:
    """Return what a pattern's first slot doesn't follow."""
    words = [re.escape(word) for word in file.blocking.before if word not in pattern.allowing]
    return re.compile(rf"(?:^|[\s(])(?:{'|'.join(words) or '(?!)'}) (?:\S+ )?\Z")


def _slot(names: Sequence[str], schema: Schema, codes: Mapping[str, str]) -> str:
    """Return the characters of all categories that are one of ``names``."""
    return "".join(
        code
        for category, code in codes.items()
        if any(schema.is_a(category, name) for name in names)
    )


def _slot_mentions(masked: MaskedSentence, span: tuple[int, int]) -> list[Mention]:
    return [masked.mentions[place] for place in range(*span) if place in masked.mentions]
