"""IOB and its kin (CoNLL columns): a token a line, its tag last, an empty line after a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from kgbuild.protocols import ReadItem
from kgbuild.readers.annotations import Annotations, RawMention
from kgbuild.readers.building import DocumentBuilder, clean
from kgbuild.readers.detection import DOCUMENT_MARK, is_tagged
from kgbuild.readers.identifiers import document_id
from kgbuild.readers.lines import Line, lines
from kgbuild.readers.spacing import spaced
from kgbuild.records import Failure, document_hash

__all__ = ["IobReader"]


@dataclass(slots=True)
class _Block:
    """The sentences of one document to be, each a list of tokens with tags."""

    name: str = ""
    place: str = ""
    sentences: list[list[tuple[str, str]]] = field(default_factory=lambda: [[]])
    problems: list[Failure] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(self.sentences)


class IobReader:
    """Reads tagged tokens (IOB1, IOB2, BIOES, BILOU, IO) as text with given mentions.

    The first column is the token, the last its tag. A sentence is a document, called by the hash
    of its text (and a count, where a file says it again), unless ``-DOCSTART-`` lines part
    documents: then sentences are their paragraphs, and a name on that line is the document's.

    Args:
        spacing: what stands between tokens, since the format has lost it: ``text`` guesses it
            from punctuation, ``tokens`` puts a space after each.
        category: the label of mentions whose tags name no type ("B", "I", "O").
        id_prefix: the prefix of names on ``-DOCSTART-`` lines.
    """

    def __init__(
        self,
        *,
        spacing: Literal["text", "tokens"] = "text",
        category: str = "Entity",
        id_prefix: str = "",
    ) -> None:
        self._spacing = spacing
        self._category = category
        self._prefix = id_prefix
        self._seen: Counter[str] = Counter()

    def read(self, stream: BinaryIO, *, source: str) -> Iterator[ReadItem]:
        """Yield each document when the next one begins, its failures after it."""
        marked = False
        block = _Block()
        self._seen.clear()
        for line in lines(stream):
            text = line.text.strip()
            if text.startswith(DOCUMENT_MARK):
                yield from self._document(block, source)
                marked = True
                words = text.split()
                # CoNLL 2003 gives the mark columns and tags of its own, and no name.
                name = words[1] if len(words) == 2 and words[1] != "O" else ""
                block = _Block(name, f"line {line.number}")
            elif text:
                block.place = block.place or f"line {line.number}"
                self._token(line, block, source)
            elif marked:
                block.sentences.append([])
            else:
                yield from self._document(block, source)
                block = _Block()
        yield from self._document(block, source)

    def _token(self, line: Line, block: _Block, source: str) -> None:
        columns = line.text.split("\t") if "\t" in line.text else line.text.split()
        token, tag = clean(columns[0].strip()), columns[-1].strip()
        place = f"line {line.number}"
        if line.error:
            block.problems.append(Failure(source, "read", line.error, place=place))
        elif len(columns) < 2 or not is_tagged(f"x {tag}"):
            reason = (
                "expected a token and, last, its tag (O, B-TYPE, I-TYPE, ...), found "
                f"{line.text[:60]!r}"
            )
            block.problems.append(Failure(source, "read", reason, place=place))
            tag = "O"
        if token:
            block.sentences[-1].append((token, tag))

    def _document(self, block: _Block, source: str) -> Iterator[ReadItem]:
        if not block:
            yield from block.problems
            return
        builder = DocumentBuilder()
        annotations = Annotations(source)
        for sentence in filter(None, block.sentences):
            text, spans = spaced([token for token, _ in sentence], guess=self._spacing == "text")
            start = len(builder.text) + 1 if builder.passages else 0
            builder.add("paragraph", text)
            for first, last, kind in _mentions([tag for _, tag in sentence]):
                low, high = spans[first][0], spans[last - 1][1]
                annotations.mentions.append(
                    RawMention(
                        ((start + low, start + high),), text[low:high], kind or self._category,
                        place=block.place,
                    )
                )  # fmt: skip
        document = builder.finish(self._name(block, builder.text), source=source)
        yield annotations.place(document)
        for problem in (*block.problems, *annotations.failures):
            yield Failure(source, "read", problem.reason, document.id, problem.place)

    def _name(self, block: _Block, text: str) -> str:
        if block.name:
            return document_id(block.name, prefix=self._prefix)
        name = document_hash(text)
        self._seen[name] += 1
        return name if self._seen[name] == 1 else f"{name}-{self._seen[name]}"


def _mentions(tags: list[str]) -> list[tuple[int, int, str]]:
    """Return first token, token after the last, and type of each mention."""
    from kgbuild.extractors.labels import read_labels, runs

    known = list(dict.fromkeys(tags))
    if known == ["O"]:
        return []
    codes = {tag: code for code, tag in enumerate(known)}
    return runs([codes[tag] for tag in tags], read_labels(dict(enumerate(known))))
