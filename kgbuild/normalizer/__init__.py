"""From names to identifiers: normal forms, the lexicon, the linker."""

from kgbuild.normalizer.build import LexiconReport, build_lexicon
from kgbuild.normalizer.lexicon import Hit, Lexicon, NameEntry
from kgbuild.normalizer.normal_form import NormalForm, normal_form, normal_key

__all__ = [
    "Hit",
    "Lexicon",
    "LexiconReport",
    "NameEntry",
    "NormalForm",
    "build_lexicon",
    "normal_form",
    "normal_key",
]
