"""English verb forms from lemmas: enough for trigger words, with no model and no download."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["VerbForms", "inflect"]

_IRREGULAR = {
    "arise": ("arose", "arisen"), "be": ("was", "been"), "become": ("became", "become"),
    "begin": ("began", "begun"), "bind": ("bound", "bound"), "bring": ("brought", "brought"),
    "cut": ("cut", "cut"), "draw": ("drew", "drawn"), "drive": ("drove", "driven"),
    "feed": ("fed", "fed"), "find": ("found", "found"), "give": ("gave", "given"),
    "grow": ("grew", "grown"), "have": ("had", "had"), "hold": ("held", "held"),
    "keep": ("kept", "kept"), "know": ("knew", "known"), "lead": ("led", "led"),
    "lose": ("lost", "lost"), "make": ("made", "made"), "beat": ("beat", "beaten"),
    "overcome": ("overcame", "overcome"), "put": ("put", "put"), "rise": ("rose", "risen"),
    "run": ("ran", "run"), "see": ("saw", "seen"), "show": ("showed", "shown"),
    "take": ("took", "taken"), "undergo": ("underwent", "undergone"),
    "withdraw": ("withdrew", "withdrawn"), "build": ("built", "built"),
    "outdo": ("outdid", "outdone"), "do": ("did", "done"), "get": ("got", "got"),
}  # fmt: skip
_DOUBLED = frozenset(("stop", "prefer", "refer", "occur", "control", "cap", "trap", "plan", "map"))
_VOWELS = "aeiou"


@dataclass(frozen=True, slots=True)
class VerbForms:
    """The forms of a verb; a particle ("lead to") follows each form."""

    base: str
    third: str
    past: str
    participle: str
    gerund: str

    @property
    def finite(self) -> tuple[str, ...]:
        """Base, third person and past, without repeats."""
        return tuple(dict.fromkeys((self.base, self.third, self.past)))


def inflect(lemma: str) -> VerbForms:
    """Return the forms of an English verb, given in lower case, perhaps with a particle.

    Raises:
        ValueError: where ``lemma`` is empty.

    >>> inflect("bind to")
    VerbForms(base='bind to', third='binds to', past='bound to', participle='bound to', \
gerund='binding to')
    >>> inflect("modify").past, inflect("stop").gerund, inflect("induce").gerund
    ('modified', 'stopping', 'inducing')
    """
    verb, _, particle = lemma.strip().partition(" ")
    if not verb:
        raise ValueError("a verb is expected, got an empty string")
    rest = f" {particle}" if particle else ""
    prefix, hyphen, stem = verb.rpartition("-")
    prefix += hyphen
    past, participle = _IRREGULAR.get(stem) or (_past(stem), _past(stem))
    forms = (stem, _third(stem), past, participle, _gerund(stem))
    return VerbForms(*(f"{prefix}{form}{rest}" for form in forms))


def _third(verb: str) -> str:
    if verb in ("have", "be"):
        return {"have": "has", "be": "is"}[verb]
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        return verb + "es"
    return verb[:-1] + "ies" if _ends_in_consonant_y(verb) else verb + "s"


def _past(verb: str) -> str:
    if verb.endswith("e"):
        return verb + "d"
    if _ends_in_consonant_y(verb):
        return verb[:-1] + "ied"
    return (verb + verb[-1] if verb in _DOUBLED else verb) + "ed"


def _gerund(verb: str) -> str:
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and verb != "be":
        return verb[:-1] + "ing"
    doubled = verb in _DOUBLED or verb in ("run", "put", "cut", "begin", "get")
    return (verb + verb[-1] if doubled else verb) + "ing"


def _ends_in_consonant_y(verb: str) -> bool:
    return verb.endswith("y") and len(verb) > 1 and verb[-2] not in _VOWELS
