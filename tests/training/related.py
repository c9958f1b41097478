"""Small corpora with relations of our own writing: what is related is said by one word."""

from __future__ import annotations

from pathlib import Path

DRUGS = ["aspirin", "ibuprofen", "imatinib", "metformin", "warfarin", "heparin"]
DISEASES = ["asthma", "fever", "cough", "disease"]
FRAMES = {
    "Positive_Correlation": "{disease} was induced by {drug} in mice.",
    "Negative_Correlation": "{drug} treats {disease} in patients.",
    "": "The study found no effect of {drug} on {disease}.",
}


def write_related(path: Path, *, first: int = 1, count: int = 40, type: str | None = None) -> Path:
    """Write documents of two sentences, each about a drug and a disease of its own.

    ``type`` writes only the induced ones, as a type of that name (as BC5CDR does).
    """
    lines: list[str] = []
    for number in range(first, first + count):
        kinds = list(FRAMES)
        sentences, marks, relations = [], [], []
        start = 0
        for turn in range(2):
            kind = kinds[(number + turn * (number % 2)) % 3]
            drug = DRUGS[(number + 3 * turn) % 6]
            disease = DISEASES[(number // 2 + 2 * turn) % 4]
            sentence = FRAMES[kind].format(drug=drug, disease=disease)
            for name, category in ((drug, "Chemical"), (disease, "Disease")):
                place = start + sentence.index(name)
                marks.append(
                    f"{number}\t{place}\t{place + len(name)}\t{name}\t{category}\tX:{name}"
                )
            novel = "Novel" if turn else "No"
            if type is None and kind:
                relations.append(f"{number}\t{kind}\tX:{drug}\tX:{disease}\t{novel}")
            elif type is not None and kind == "Positive_Correlation":
                relations.append(f"{number}\t{type}\tX:{drug}\tX:{disease}")
            sentences.append(sentence)
            start += len(sentence) + 1
        lines += [f"{number}|t|{sentences[0]}", f"{number}|a|{sentences[1]}", *marks]
        lines += [*relations, ""]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
