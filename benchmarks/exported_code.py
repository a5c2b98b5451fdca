"""Lines of exported code beside those of files written by hand; without comments and blank lines.

    python benchmarks/exported_code.py mobilenet-v2 hcgnet@a1
    python benchmarks/exported_code.py hcgnet@a1 HCGNet_CIFAR.py
"""

import sys
from pathlib import Path

from searchspace import load
from searchspace.export.code import source
from searchspace.export.job import job


def lines(text: str) -> int:
    """Lines that say something."""
    return sum(bool(line.strip()) and not line.lstrip().startswith("#")
               for line in text.splitlines())


def main(names: list[str]) -> None:
    """Print the number of lines of networks, and of Python files."""
    for name in names:
        text = Path(name).read_text(encoding="utf-8") if name.endswith(".py") else \
            source(job(load(name)))[0]
        print(f"{name:40} {lines(text):5}")


if __name__ == "__main__":
    main(sys.argv[1:])
