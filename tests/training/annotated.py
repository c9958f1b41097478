"""Small annotated corpora of our own writing, enough for a tiny model to learn something from."""

from __future__ import annotations

from pathlib import Path

DRUGS = ["aspirin", "ibuprofen", "imatinib", "metformin", "warfarin", "heparin"]
DISEASES = ["asthma", "fever", "severe cough", "chronic fever", "acute asthma", "cough"]
FRAMES = [
    "{drug} treats {disease} in patients.",
    "{disease} was induced by {drug} in mice.",
    "The study found no effect of {drug} on {disease}.",
]


def write_pubtator(path: Path, *, first: int = 1, count: int = 24, chemicals: bool = True) -> Path:
    """Write documents of three sentences with their drugs and diseases marked."""
    lines: list[str] = []
    for number in range(first, first + count):
        drug, other = DRUGS[number % 6], DRUGS[(number + number // 6 + 1) % 6]
        disease = DISEASES[(number // 2) % 6]
        title = FRAMES[number % 3].format(drug=drug, disease=disease).capitalize()
        body = FRAMES[(number + 1) % 3].format(drug=other, disease=disease)
        lines += [f"{number}|t|{title}", f"{number}|a|{body}"]
        text = f"{title} {body}"
        for name, kind in ((drug, "Chemical"), (other, "Chemical"), (disease, "Disease")):
            if kind == "Chemical" and not chemicals:
                continue
            lines += _marks(number, text, name, kind)
        lines.append("")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def _marks(number: int, text: str, name: str, kind: str) -> list[str]:
    found, start = [], text.lower().find(name)
    while start >= 0:
        end = start + len(name)
        found.append(
            f"{number}\t{start}\t{end}\t{text[start:end]}\t{kind}\tX:{name.rsplit(maxsplit=1)[-1]}"
        )
        start = text.lower().find(name, end)
    return found


def write_iob(path: Path, *, count: int = 12) -> Path:
    """Write sentences with genes, a token a line."""
    lines: list[str] = []
    for number in range(count):
        gene = ["BRCA1", "HeLa", "BRCA1"][number % 3]
        for token in f"Mutation of {gene} causes human disease".split():
            tag = "B-GENE" if token == "BRCA1" else "O"
            lines.append(f"{token}\t{tag}")
        lines.append("")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
