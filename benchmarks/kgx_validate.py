"""What KGX's own validator says of a graph in KGX's form.

    PYTHON_OF_A_VENV_WITH_KGX benchmarks/kgx_validate.py PREFIX {jsonl,tsv}

PREFIX is what `kgbuild export DIR --format kgx-jsonl -o PREFIX` (or kgx) was given. Prints how
often each kind of message occurs, with an example.
"""

from __future__ import annotations

import re
import sys
from collections import Counter

import kgx_offline  # noqa: F401  before KGX
from kgx.transformer import Transformer
from kgx.validator import Validator

_VALUE = r"a value '[^']*'"


def main() -> None:
    prefix, format_ = sys.argv[1:]
    validator = Validator()
    Transformer(stream=True).transform(
        {"filename": [f"{prefix}_nodes.{format_}", f"{prefix}_edges.{format_}"], "format": format_},
        {"format": "null"},
        inspector=validator,
    )
    found = validator.get_errors()
    if not found:
        print("nothing to complain of")
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for level, kinds in found.items():
        for kind, messages in kinds.items():
            for message, where in messages.items():
                plain = f"{level} {kind}: {re.sub(_VALUE, 'a value', message)}"
                counts[plain] += len(where)
                examples.setdefault(plain, next(iter(where)))
    for message, count in counts.most_common():
        print(f"{count:,} x {message}, such as {examples[message]}")


if __name__ == "__main__":
    main()
