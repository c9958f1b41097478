"""A gazetteer: which words of a text are names of a vocabulary, as features for a model.

Unlike the dictionary recognizer it decides nothing. It tells a trained tagger where the longest
names of each kind lie, and the tagger, which sees the context, makes up its mind. Names are matched
by the hashes of their folded words, looked up for whole batches at once, so a million names cost a
few bytes each and little time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from kgbuild.errors import ConfigError
from kgbuild.records import content_hash

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["KINDS", "Gazetteer", "fold_words", "kind_of"]

KINDS = ("disease", "chemical", "gene", "organism", "anatomy", "cell line", "process")
"""The kinds of names that a gazetteer tells apart, in the order of the feature columns."""

_KIND_OF = {
    "Disease": 0, "PhenotypicFeature": 0, "DiseaseOrPhenotypicFeature": 0,
    "ChemicalEntity": 1, "Drug": 1, "ChemicalRole": 1,
    "Gene": 2, "Protein": 2, "GeneFamily": 2, "GeneOrGeneProduct": 2, "ProteinDomain": 2,
    "MacromolecularComplex": 2, "Transcript": 2,
    "OrganismTaxon": 3,
    "AnatomicalEntity": 4, "Cell": 4, "CellularComponent": 4,
    "CellLine": 5,
    "BiologicalProcess": 6, "Pathway": 6, "MolecularActivity": 6, "Procedure": 6,
}  # fmt: skip

_LONGEST = 8  # folded words of a name
_MULTIPLIER = 0x9E3779B97F4A7C15
_PIECE = re.compile(r"[a-z]+|[0-9]+|[^\W\da-z_]+")
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "π": "pi", "σ": "sigma",
    "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
_GREEK_LETTER = re.compile(f"[{''.join(_GREEK)}]")
_BRITISH = (("aemi", "emi"), ("oed", "ed"), ("aesth", "esth"), ("haem", "hem"), ("paed", "ped"),
            ("leuk", "leuc"), ("sulph", "sulf"), ("oest", "est"), ("diarrhoea", "diarrhea"),
            ("ise", "ize"))  # fmt: skip


def kind_of(category: str) -> int | None:
    """Return the column of ``KINDS`` that names of a schema category count in, or None."""
    return _KIND_OF.get(category)


@cache
def _common_words() -> frozenset[str]:
    path = Path(__file__).with_name("common_words.txt")
    lines = path.read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line and not line.startswith("#"))


def fold_words(text: str) -> list[str]:
    """Return the folded words of a name or a text's word.

    Letters and digits are parted, case, accents, plurals and British spellings folded, Greek
    letters spelled out, everything else left out.

    >>> fold_words("β-Catenins"), fold_words("IL2"), fold_words("Leukaemia")
    (['beta', 'catenin'], ['il', '2'], ['leucemia'])
    """
    lowered = text.lower()
    if not lowered.isascii():
        lowered = _GREEK_LETTER.sub(lambda match: f" {_GREEK[match[0]]} ", lowered)
        decomposed = unicodedata.normalize("NFKD", lowered)
        lowered = "".join(c for c in decomposed if not unicodedata.combining(c))
    return [_stem(piece) for piece in _PIECE.findall(lowered)]


def _stem(piece: str) -> str:
    if len(piece) < 4:
        return piece
    if piece.endswith("s") and not piece.endswith(("ss", "us", "is")):
        piece = f"{piece[:-3]}y" if piece.endswith("ies") and len(piece) > 5 else piece[:-1]
    if piece.endswith("our"):
        piece = f"{piece[:-3]}or"
    for british, american in _BRITISH:
        if british in piece:
            piece = piece.replace(british, american)
    return piece


def _hash(word: str) -> int:
    return int.from_bytes(
        blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "little"
    )


class Gazetteer:
    """Names by the hash of their folded words, each with the kinds that it may be of.

    Args:
        names: ``(slots,)`` uint16, a part of each name's hash, 0 where a slot is empty; slots are
            a power of two. An unknown name passes for a known one once in 40,000 times.
        kinds: ``(slots,)`` uint8, a bit for each of ``KINDS``.
        fingerprint: identifies the names that it was made from.
    """

    def __init__(
        self, names: NDArray[np.uint16], kinds: NDArray[np.uint8], *, fingerprint: str
    ) -> None:
        if len(names) != len(kinds) or len(kinds) & (len(kinds) - 1):
            raise ConfigError("a gazetteer's arrays must be of one length, a power of two")
        self._tables = [(names, kinds)]
        self.fingerprint = fingerprint
        self._words: dict[str, tuple[int, ...]] = {}

    @classmethod
    def build(cls, names: Iterable[tuple[str, str]], *, fingerprint: str = "") -> Gazetteer:
        """Make a gazetteer of names with their schema categories.

        Names of common words, of one letter, of digits alone or of more than eight words are left
        out, and names of categories that are no kind.
        """
        import numpy as np

        found: dict[int, int] = {}
        common = _common_words()
        for name, category in names:
            kind = _KIND_OF.get(category)
            if kind is None:
                continue
            key = _name_key(name, common)
            if key is not None:
                found[key] = found.get(key, 0) | 1 << kind
        keys = np.fromiter(found.keys(), np.uint64, len(found))
        masks = np.fromiter(found.values(), np.uint8, len(found))
        return cls(*_table(keys, masks), fingerprint=fingerprint)

    @classmethod
    def open(cls, file: Path) -> Gazetteer:
        """Open what ``save`` wrote.

        Raises:
            ConfigError: the file is absent or no gazetteer.
        """
        import numpy as np

        try:
            with np.load(BytesIO(file.read_bytes()), allow_pickle=False) as held:
                return cls(held["names"], held["kinds"], fingerprint=str(held["fingerprint"]))
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise ConfigError(f"{file} is no whole gazetteer ({error}): remove it") from error

    def save(self, file: Path) -> None:
        """Write the gazetteer to ``file``, which is there whole or not at all.

        Raises:
            ValueError: it is joined of several.
        """
        import numpy as np

        if len(self._tables) > 1:
            raise ValueError("a gazetteer joined of several can't be saved: save each")
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as beside:
            names, kinds = self._tables[0]
            np.savez_compressed(
                beside, names=names, kinds=kinds, fingerprint=np.array(self.fingerprint)
            )
        Path(beside.name).chmod(0o644)
        Path(beside.name).replace(file)

    def joined(self, other: Gazetteer) -> Gazetteer:
        """Return a gazetteer that knows the names of both."""
        both = Gazetteer(
            *self._tables[0], fingerprint=content_hash(self.fingerprint, other.fingerprint)
        )
        both._tables = [*self._tables, *other._tables]
        return both

    def tag(
        self, words: Sequence[str], extra: Mapping[str, int] | None = None
    ) -> NDArray[np.uint8]:
        """Return where the longest names lie: ``(len(words), len(KINDS))``.

        0 is outside, 1 the first word of a name, 2 inside, 3 the last, 4 a name of one word.

        Args:
            words: of a text, in order; names don't go over several texts.
            extra: kinds (bits) of words that mean more in this text: its abbreviations.
        """
        import numpy as np

        tags = np.zeros((len(words), len(KINDS)), dtype=np.uint8)
        hashes, owner = self._folded(words)
        places = self._find(hashes, owner, words)
        if extra:
            places += [(1, i, i + 1, extra[word]) for i, word in enumerate(words) if word in extra]
        # Longest first: a shorter name of the same kind inside or across gives way.
        for _, first, stop, mask in sorted(places, key=lambda place: (-place[0], place[1])):
            for kind in range(len(KINDS)):
                if mask >> kind & 1 and not tags[first:stop, kind].any():
                    if stop - first == 1:
                        tags[first, kind] = 4
                    else:
                        tags[first:stop, kind] = 2
                        tags[first, kind], tags[stop - 1, kind] = 1, 3
        return tags

    def kinds_of(self, name: str) -> int:
        """Return the kinds (bits) of a name, 0 where it is unknown."""
        import numpy as np

        key = _name_key(name, _common_words())
        if key is None:
            return 0
        return int(self._look_up(np.array([key], dtype=np.uint64))[0])

    def _folded(self, words: Sequence[str]) -> tuple[list[int], list[int]]:
        """Return the hashes of the words' folded pieces, and the word that each belongs to."""
        hashes: list[int] = []
        owner: list[int] = []
        known = self._words
        if len(known) > 200_000:
            known.clear()
        for index, word in enumerate(words):
            pieces = known.get(word)
            if pieces is None:
                pieces = known[word] = tuple(_hash(piece) for piece in fold_words(word))
            hashes.extend(pieces)
            owner.extend([index] * len(pieces))
        return hashes, owner

    def _find(
        self, hashes: list[int], owner: list[int], words: Sequence[str]
    ) -> list[tuple[int, int, int, int]]:
        """Return length in pieces, first word, stop word and kinds of each name in the text."""
        import numpy as np

        if not hashes:
            return []
        pieces = np.array(hashes, dtype=np.uint64)
        of = np.array(owner)
        begins = np.ones(len(of), dtype=bool)
        begins[1:] = of[1:] != of[:-1]
        ends = np.roll(begins, -1)
        ends[-1] = True
        keys = np.zeros(len(pieces), dtype=np.uint64)
        places: list[tuple[int, int, int, int]] = []
        multiplier = np.uint64(_MULTIPLIER)
        for n in range(1, min(_LONGEST, len(pieces)) + 1):
            count = len(pieces) - n + 1
            keys = keys[:count] * multiplier + pieces[n - 1 :]
            chosen = np.flatnonzero(begins[:count] & ends[n - 1 :])
            wanted = keys[chosen]
            masks = self._look_up(wanted)
            hits = np.flatnonzero(masks)
            for place, mask in zip(chosen[hits].tolist(), masks[hits].tolist(), strict=True):
                places.append((n, int(of[place]), int(of[place + n - 1]) + 1, mask))
        return places + self._by_case(words)

    def _by_case(self, words: Sequence[str]) -> list[tuple[int, int, int, int]]:
        """Return the short names, which match with their case alone."""
        import numpy as np

        short = [i for i, word in enumerate(words) if 1 < len(word) < 5 and word.isalpha()]
        if not short:
            return []
        keys = np.array([_case_hash(words[i]) for i in short], dtype=np.uint64)
        masks = self._look_up(keys)
        return [(1, short[i], short[i] + 1, int(masks[i])) for i in np.flatnonzero(masks)]

    def _look_up(self, keys: NDArray[np.uint64]) -> NDArray[np.uint8]:
        import numpy as np

        result = np.zeros(len(keys), dtype=np.uint8)
        for names, kinds in self._tables:
            slots, wanted = _slots(keys, len(kinds))
            pending = np.arange(len(keys))
            while len(pending):
                held = names[slots]
                right = held == wanted
                result[pending[right]] |= kinds[slots[right]]
                going = ~right & (held != 0)
                pending, wanted = pending[going], wanted[going]
                slots = (slots[going] + 1) & (len(kinds) - 1)
        return result


@cache
def _case_hash(word: str) -> int:
    return _hash(f"={word}")


def _name_key(name: str, common: frozenset[str]) -> int | None:
    if len(name) < 2 or name.lower() in common:
        return None
    if len(name) < 5 and name.isalpha() and not name[1:].islower():
        return _case_hash(name)
    pieces = fold_words(name)
    if not 0 < len(pieces) <= _LONGEST or all(p.isdigit() or len(p) == 1 for p in pieces):
        return None
    key = 0
    for piece in pieces:
        key = (key * _MULTIPLIER + _hash(piece)) & 0xFFFFFFFFFFFFFFFF
    return key


def _slots(keys: NDArray[np.uint64], size: int) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    """Return each key's first slot, and what stands there if it is in the table."""
    import numpy as np

    mixed = keys ^ (keys >> np.uint64(29))
    slots = (mixed & np.uint64(size - 1)).astype(np.int64)
    wanted = (keys >> np.uint64(48)).astype(np.uint16)
    wanted[wanted == 0] = 1
    return slots, wanted


def _table(
    keys: NDArray[np.uint64], masks: NDArray[np.uint8]
) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Return the arrays of a table of at most 60 % load, by linear probing."""
    import numpy as np

    size = 1 << max(int(len(keys) / 0.6).bit_length(), 4)
    names = np.zeros(size, dtype=np.uint16)
    kinds = np.zeros(size, dtype=np.uint8)
    slots, wanted = _slots(keys, size)
    pending = np.arange(len(keys))
    while len(pending):
        free = names[slots] == 0
        claims, first = np.unique(slots[free], return_index=True)
        rows = np.flatnonzero(free)[first]
        names[claims] = wanted[rows]
        kinds[claims] = masks[pending[rows]]
        left = np.ones(len(pending), dtype=bool)
        left[rows] = False
        pending, wanted = pending[left], wanted[left]
        slots = (slots[left] + 1) & (size - 1)
    return names, kinds
