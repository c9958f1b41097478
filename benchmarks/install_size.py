"""What each extra adds: MB downloaded (wheels) and MB on disk, in a fresh virtual environment.

python benchmarks/install_size.py [EXTRA ...]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("", "pdf", "notebook", "transformers", "dense", "train", "gpu")


def megabytes(folder: Path) -> float:
    return sum(f.stat().st_blocks * 512 for f in folder.rglob("*") if f.is_file()) / 1e6


def measure(extra: str, folder: Path) -> tuple[float, float]:
    name = extra or "core"
    venv, wheels = folder / name, folder / f"{name}-wheels"
    target = f"{ROOT}[{extra}]" if extra else str(ROOT)
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = [venv / "bin" / "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--wheel-dir", wheels, target], check=True)
    empty = megabytes(venv)
    install = ["install", "--no-index", "--find-links", wheels, f"kgbuild[{extra}]"]
    subprocess.run([*pip, *install], check=True)
    return megabytes(wheels), megabytes(venv) - empty


def main() -> None:
    wanted = sys.argv[1:] or EXTRAS
    rows = {}
    for extra in dict.fromkeys(("", *wanted)):
        with tempfile.TemporaryDirectory() as folder:
            rows[extra] = measure(extra, Path(folder))
    print("| extra | download MB | on disk MB |\n|---|---:|---:|")
    core = rows.pop("")
    print(f"| (core) | {core[0]:,.0f} | {core[1]:,.0f} |")
    for extra, (download, disk) in rows.items():
        print(f"| {extra} | +{download - core[0]:,.0f} | +{disk - core[1]:,.0f} |")


if __name__ == "__main__":
    main()
