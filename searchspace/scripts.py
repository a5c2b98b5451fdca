"""Names of the installed commands, what each runs, and how extras are installed.

All of them start here, since the packages `search` and `viz` have names that others may have too:
what they run is looked for beside this package, and nothing else is run by mistake.
"""

import importlib
import importlib.metadata
import importlib.util
import shlex
import sys
from pathlib import Path

PREFIX = "searchspace"
ROOT = Path(__file__).resolve().parents[1]
# By name: the module whose ``main`` is run, and how the same is written in a checkout.
SCRIPTS = {
    PREFIX: ("searchspace.__main__", "python -m searchspace"),
    f"{PREFIX}-search": ("search.run", "python search/run.py"),
    f"{PREFIX}-train": ("search.train", "python search/train.py"),
    f"{PREFIX}-status": ("search.status", "python search/status.py"),
    f"{PREFIX}-honesty": ("search.honesty", "python search/honesty.py"),
    f"{PREFIX}-archive": ("search.archive.__main__", "python -m search.archive"),
    f"{PREFIX}-latency": ("search.latency.__main__", "python -m search.latency"),
    f"{PREFIX}-predictors": ("search.predictors.__main__", "python -m search.predictors"),
    f"{PREFIX}-scores": ("search.scores.__main__", "python -m search.scores"),
    f"{PREFIX}-predict": ("search.predict", "python -m search.predict"),
    f"{PREFIX}-playground": ("viz.playground", "python viz/playground.py"),
    f"{PREFIX}-render": ("viz.render", "python viz/render.py"),
    f"{PREFIX}-diff": ("viz.diff", "python viz/diff.py"),
    f"{PREFIX}-report": ("viz.report", "python viz/report.py"),
    f"{PREFIX}-gallery": ("viz.zoo", "python viz/zoo.py"),
}
_OURS = {"search": "read_study", "viz": "draw"}     # a name that the package exports


def main() -> int:
    """Run the command by whose name this process was started, and end the process with its exit
    status; 2 if that would run another project's package."""
    module = SCRIPTS[called() or PREFIX][0]
    if fault := foreign(module.partition(".")[0]):
        sys.stderr.write(f"error: {fault}\n")
        return 2
    work = importlib.import_module(module).main
    status: int = importlib.import_module("searchspace.cli").start(lambda: work(sys.argv[1:]))
    return status


def called() -> str | None:
    """The name of the installed command that runs; None if something else does."""
    name = Path(sys.argv[0]).stem
    return name if name in SCRIPTS else None


def spoken(text: str) -> str:
    """A help text with the commands as the user has them: installed ones by their names."""
    if called():
        # the longest first: one may be the beginning of another
        for name, (_, written) in sorted(SCRIPTS.items(), key=lambda s: -len(s[1][1])):
            text = text.replace(written, name)
    return text


def foreign(package: str) -> str | None:
    """One sentence, if ``package`` is not the one that belongs to this project; else None."""
    if package not in _OURS:
        return None
    ours = Path(__file__).resolve().parents[1] / package
    spec = importlib.util.find_spec(package)
    found = [] if spec is None else [Path(p).resolve() for p in
                                     spec.submodule_search_locations or [spec.origin or "."]]
    if found != [ours]:
        where = f"is {found[0]}" if found else "is missing"
        return (f"searchspace needs its own package {package!r}, {ours}, and what Python finds "
                f"{where}")
    if _OURS[package] not in dir(importlib.import_module(package)):
        others = importlib.metadata.packages_distributions().get(package, [])
        named = " and ".join(sorted({n for n in others if n != PREFIX})) or "another one"
        return (f"the package {package!r} of searchspace was overwritten by that of {named}: "
                "install them in environments of their own")
    return None


def install(extra: str, root: Path = ROOT) -> str:
    """The command that installs an extra of `pyproject.toml` beside what runs now; ``root`` is the
    folder of this package's folder.

    >>> install("export", Path("/nowhere"))
    "pip install 'searchspace[export]'"
    """
    if not (root / "pyproject.toml").is_file():
        return f"pip install '{PREFIX}[{extra}]'"
    here = "." if root == Path.cwd() else str(root)
    return f"pip install -e {shlex.quote(f'{here}[{extra}]')}"
