"""Negation and hedging: which cue words reach a trigger.

After NegEx (Chapman et al. 2001) and ConText (Harkema et al. 2009): a cue has a scope, to the right
or to the left of it, that a few words and signs end. Works on the masked text of a sentence, so
that words inside a mention ("non-small cell lung cancer") are no cues.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kgbuild.extractors.masking import ANY_SLOT

__all__ = ["Cues", "find_cues"]

_NEGATION = re.compile(
    r"""(?<![-\w])(?:
    (?P<pseudo>not\ only|not\ just|no\ doubt|without\ doubt|not\ necessarily)
    |(?P<exclusion>but\ not|rather\ than|instead\ of|other\ than)
    |(?P<near>(?:lack|absence)\ of|lacks?|lacked|lacking
      |absent|negative\ for|hardly|barely)
    |(?P<wide>no|not|nor|none|never|neither|without|cannot|can't|didn't|doesn't|don't|wasn't|weren't
      |isn't|aren't|fail(?:s|ed|ing|ure)?\ to|unable\ to|inability\ (?:of\ \S+\ )?to|unlikely\ to
      |unrelated|non-?significant(?:ly)?|devoid\ of|free\ of|refut\w+|den(?:y|ies|ied)
      |exclud(?:e|es|ed|ing)|rul(?:e|ed|es|ing)\ out|unaffected|not\ significantly|insensitive)
    )(?![-\w])""",
    re.VERBOSE,
)
_HEDGE = re.compile(
    r"""(?<![-\w])(?:may|might|could|would|should|suggest(?:s|ed|ing|ive)?|possib(?:le|ly|ility)
    |potential(?:ly)?|appear(?:s|ed|ing)?|seem(?:s|ed|ingly)?|hypothes[ei]\w+|whether|likely|probabl[ey]
    |putative(?:ly)?|presum\w+|speculat\w+|propos(?:e|es|ed|al)|suspect(?:ed)?|believed?|thought
    |if|perhaps|assum\w+|postulat\w+|impl(?:y|ies|ied)|tend(?:s|ed)?\ to|question(?:able)?
    |unclear|unknown|uncertain|controversial|inconclusive|debated|conflicting|inconsistent|elusive
    |remains?\ to|poorly\ understood|candidate|promising
    |(?:to|we|study|studies|and|paper|report)\ (?:\w+ly\ )?
      (?:investigat|examin|evaluat|assess|determin|stud|explor|test|clarif|compar|address|ascertain)
      (?:e|ed|es|ied|y|ying|ing)?
    |aim(?:s|ed)?|(?:purpose|objective|goal)s?)(?![-\w])""",
    re.VERBOSE,
)
_POST_NEGATION = re.compile(
    r"""(?:(?!but\b|and\b|although\b|whereas\b)[^\s,;:.]+\ ){0,5}?
    (?:(?:was|were|is|are|has|have|had|could|can|did|does)(?:n't|\ not)
    \ (?:be\ |been\ )?(?:\w+ly\ )?
    (?:observed|found|detected|seen|confirmed|significant|demonstrated|evident
    |apparent|supported|present|noted|reported|replicated|reproduced|established|exist|occur|shown)
    |(?:was|were|is|are)\ (?:absent|excluded|ruled\ out|unlikely|lacking|not))(?![-\w])""",
    re.VERBOSE,
)
_POST_HEDGE = re.compile(
    r"""(?:[^\s,;:.]+\ ){0,6}?
    (?:(?:was|were|is|are|has\ been|have\ been|remains?|needs?\ to\ be)
    \ (?:still\ |yet\ )?(?:\w+ly\ )?
    (?:investigated|examined|evaluated|assessed|studied|explored|tested|determined|compared|suspected
    |suggested|hypothesized|hypothesised|postulated|proposed|possible|likely|unclear|unknown|uncertain
    |controversial|inconclusive|debated|conflicting|inconsistent|elusive|disputed|to\ be\ \w+
    |(?:poorly|not\ (?:yet|well|fully|completely))\ (?:understood|clear|known|established)
    |not\ (?:clear|known)
    |considered|analy[sz]ed))(?![-\w])""",
    re.VERBOSE,
)
_END = re.compile(
    r"[;:]|\.\s|\s(?:but|although|though|whereas|while|however|except|because|despite|nevertheless"
    r"|yet|resulting|suggesting|indicating)\s|,\s(?:and|but|so|we|it|they|which|thus|then)\s"
)
_SLOT = re.compile(f"[{ANY_SLOT}]")
_COMMA = re.compile(r"[,;:]")
_WIDE_WORDS, _NEAR_WORDS, _HEDGE_WORDS = 9, 3, 30


@dataclass(frozen=True, slots=True)
class Cues:
    """A sentence's cues: each where it starts, and the span of the masked text that it reaches."""

    text: str
    negations: tuple[tuple[int, int, int], ...]
    hedges: tuple[tuple[int, int, int], ...]

    def negated(self, end: int, trigger: int) -> bool:
        """Say whether what a match that ends at ``end`` states with a trigger is denied.

        A cue counts that reaches the trigger, that stands between the trigger and the match's
        end, or that follows the match ("was not observed").
        """
        return _reached(self.negations, end, trigger) or self._followed(_POST_NEGATION, end)

    def hedged(self, end: int, trigger: int) -> bool:
        """Say whether what a match states is held for possible only."""
        return _reached(self.hedges, end, trigger) or self._followed(_POST_HEDGE, end)

    def denied_pair(self, first: int, second: int) -> bool:
        """Say whether what a sentence states of two mentions is denied, whatever words state it.

        A cue counts that stands before the first and reaches it, that stands between the two and
        reaches the second, or that follows the second ("was not observed").

        Args:
            first: place of the mention that comes first.
            second: place of the other.
        """
        follows = self._followed(_POST_NEGATION, second + 1)
        return follows or _reached_pair(self.negations, first, second)

    def hedged_pair(self, first: int, second: int) -> bool:
        """Say whether what a sentence states of two mentions is held for possible only."""
        follows = self._followed(_POST_HEDGE, second + 1)
        return follows or _reached_pair(self.hedges, first, second)

    def absent(self, place: int) -> bool:
        """Say whether the mention at ``place`` is said to be lacking ("in the absence of A").

        What is told then is neither that it does something nor that it doesn't.
        """
        return any(
            last == place and not self.text[end:last].strip() for _, end, last in self.negations
        )

    def _followed(self, cue: re.Pattern[str], end: int) -> bool:
        return cue.match(self.text, min(end + 1, len(self.text))) is not None


def _reached(cues: tuple[tuple[int, int, int], ...], end: int, trigger: int) -> bool:
    return any(first <= trigger < last or trigger < cue < end for cue, first, last in cues)


def _reached_pair(cues: tuple[tuple[int, int, int], ...], first: int, second: int) -> bool:
    return any(
        (start < first <= last) or (first < start < second <= last) for start, _, last in cues
    )


def find_cues(text: str) -> Cues:
    """Find the cues of a masked sentence.

    >>> cues = find_cues("A did not inhibit B but it may bind C.")
    >>> cues.negated(19, 10), cues.negated(37, 31), cues.hedged(37, 31)
    (True, False, True)
    """
    lowered = text.lower()
    negations = []
    for match in _NEGATION.finditer(lowered):
        if match["pseudo"]:
            continue
        words = _NEAR_WORDS if match["near"] else _WIDE_WORDS
        end = _scope_end(lowered, match.end(), words)
        if match["near"]:
            slot = _SLOT.search(lowered, match.end())
            end = min(end, slot.start()) if slot else end
        if match["exclusion"]:
            comma = _COMMA.search(lowered, match.end())
            end = min(end, comma.start()) if comma else end
        negations.append((match.start(), match.end(), end))
    hedges = tuple(
        (match.start(), match.end(), _scope_end(lowered, match.end(), _HEDGE_WORDS))
        for match in _HEDGE.finditer(lowered)
    )
    if lowered.endswith("?"):
        hedges = ((0, 0, len(lowered)),)
    return Cues(lowered, tuple(negations), hedges)


def _scope_end(text: str, start: int, words: int) -> int:
    """Return where the scope of a cue that ends at ``start`` ends."""
    stop = _END.search(text, start)
    limit = stop.start() if stop else len(text)
    position = start
    for _ in range(words + 1):
        following = text.find(" ", position + 1, limit)
        if following < 0:
            return limit
        position = following
    return position
