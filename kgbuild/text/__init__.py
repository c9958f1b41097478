"""Sentences and abbreviations: what later stages need to know about a text before they read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kgbuild.records import AnnotatedDocument
from kgbuild.text.abbreviations import find_abbreviations
from kgbuild.text.sentences import split_sentences

__all__ = ["find_abbreviations", "segment", "split_sentences"]


def segment(batch: Sequence[AnnotatedDocument]) -> list[AnnotatedDocument]:
    """Fill the sentences and abbreviations of documents that don't have them yet.

    Sentences that a reader has given are kept. An empty text gets none of either.
    """
    done = []
    for document in batch:
        text = document.document.text
        sentences = document.sentences or split_sentences(text, document.document.passages)
        abbreviations = document.abbreviations or find_abbreviations(text, sentences)
        done.append(replace(document, sentences=sentences, abbreviations=abbreviations))
    return done
