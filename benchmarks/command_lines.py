"""Command lines that nobody would write: the generator of benchmarks/attack_commands.py.

A line is one that works, changed: options of the command's own parser added, with values that suit
them or not, and words replaced, dropped, repeated and inserted. With some come surroundings: an
output that is full or closed, a signal, a disk without space.
"""

import argparse
import importlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from searchspace.cli import Parser

# The commands by their modules, each with lines that work in the folder of `attacked_files`.
SEARCH = ["--space", "space.yaml", "--studies", "studies", "--trials", "2", "--input", "8",
          "--score", "params", "--budget", "1M"]
TABLE = ["--space", "digits", "--studies", "studies", "--trials", "3", "--objective", "table",
         "--budget", "400K", "--sampler", "random"]
LINES: dict[str, list[list[str]]] = {
    "searchspace.__main__": [
        ["net.yaml"], ["--list", "sinet*"], ["--list", "he*", "--json"], ["space.yaml"],
        ["net.yaml", "--set", "classes=7", "--input", "9"], ["net.yaml", "--yaml"],
        ["net.yaml", "--verify"], ["henet@repeat3-cifar10", "--level", "operation"],
        ["own.yaml", "--ops", "ops.py"], ["export", "net.yaml", "--to", "code", "-o", "net.py"],
        ["import", "net.safetensors", "--into", "net.yaml", "-o", "own.safetensors"]],
    "search.predict": [["studies/s"], ["studies/s", "--top", "5", "--json"],
                       ["studies/s", "--networks", "net.yaml"]],
    "search.run": [
        SEARCH, TABLE, [*TABLE, "--study", "s"], [*SEARCH, "--report"],
        [*TABLE, "--objective", "macs"],
        [*SEARCH[:-4], "--budget", "1M", "--objective", "train", "--data", "digits", "--epochs",
         "1", "--recipe", "recipe.yaml", "--validation", "0.5"],
        [*TABLE, "--workers", "2"], [*SEARCH, "--ops", "ops.py"]],
    "search.train": [
        ["net.yaml", "--data", "digits", "--epochs", "1", "--out", "trained"],
        ["net.yaml", "--data", "imagefolder:images", "--epochs", "1", "--out", "again",
         "--recipe", "recipe.yaml"],
        ["studies/s/best.yaml", "--data", "digits", "--epochs", "1", "--seed", "1"]],
    "search.status": [["studies/s", "--once"], ["s", "--studies", "studies"],
                      ["studies/s/study.db", "--study", "s", "--trials", "9"]],
    "search.honesty": [
        ["--space", "digits", "--scores", "params", "--networks", "5", "--out", "honest"],
        ["--space", "space.yaml", "--scores", "synflow", "--networks", "4", "--out", "honest",
         "--budget", "1M"], ["--read", "networks.json", "--out", "honest"]],
    "search.archive.__main__": [
        ["best", "--budget", "400K", "studies/s"], ["show", "net.yaml", "studies/s"],
        ["disagree", "studies/s"], ["export", "all.csv", "studies/s"],
        ["export", "all.json", "--studies", "studies"], ["check", "studies/s"],
        ["import", "--into", "all.db", "studies/s"], ["backup", "copy.db", "studies/s"],
        ["check", "--repair", "studies/s"], ["migrate", "studies/s"]],
    "search.latency.__main__": [
        ["net.yaml"], ["net.yaml", "--table", "latency.json"],
        ["--space", "space.yaml", "--layers", "3", "-o", "latency.json"]],
    "search.latency.judge": [["--space", "digits", "--measured", "20", "--seeds", "1"]],
    "search.scores.__main__": [
        [], ["blend", "zico"], ["rate", "net.yaml", "--score", "params"],
        ["rate", "henet@repeat3-cifar10", "--json"], ["rate", "net.yaml", "--calibrate",
                                                      "table.csv"]],
    "search.predictors.__main__": [
        ["list"], ["list", "--data", "cifar10"],
        ["calibrate", "--calibrate", "table.csv", "--out", "mine.json"]],
    "search.launchers.__main__": [[]],
    "viz.render": [
        ["net.yaml", "-o", "n.svg"], ["space.yaml", "-o", "s.png", "--level", "block"],
        ["net.yaml", "-o", "n.html"], ["net.yaml", "-o", "n.dot", "--show", "macs,params"],
        ["net.yaml", "--beside", "space.yaml", "-o", "b.pdf", "--theme", "dark"]],
    "viz.diff": [["net.yaml", "henet@repeat3-cifar10"], ["net.yaml", "own.yaml", "--ops", "ops.py"],
                 ["net.yaml", "space.yaml", "-o", "d.svg", "--all"]],
    "viz.report": [["studies/s"], ["studies/s", "-o", "r.html"],
                   ["studies/s", "--plots", "plots", "--format", "svg"]],
    "viz.zoo": [["henet@*", "-o", "g.html"]],
    "viz.pictures": [["-o", "drawn"], ["-o", "drawn", "--found", "studies/s"]],
}
NUMBERS = ["0", "-1", "1", "2", "3", "1.5", "-0", "1e3", "nan", "inf", "-inf", "1e400", "", "x",
           "٣", "²", "0x10", " 5", "1_000", "9" * 19, "9223372036854775808", "9" * 5000, "1,000",
           "True", "None", "0.1425", "99999"]
AMOUNTS = ["300M", "1", "0", "0K", "-5M", "60M-40M", "1M-2M", "1e400M", "nan",
           "9223372036854775808", "1e19", "0.5", "400K-", "-400K", "4MB", "1.5MiB", "20ms", "5 M",
           "1M-2M-3M", "99" * 3000]
WORDS = ["", "-", "--", "--help", "-x", "--no-such", "@", "@x", "sinet@", "mixed", "henet", "s",
         "naswot", "blend", "top1", "macs", "table:x", "digits", "cifar10", "imagefolder:", "gp",
         "http://x", "sqlite://", "sqlite:///a.db", "postgresql+psycopg://u:p@127.0.0.1:1/x",
         "mysql://x", "://", "ü☃𝕏", "\x1b[31mred\x1b[0m", "\u202e", "\udcff", "\ud800", "a" * 300,
         "ä" * 200, "x/" * 2500, "%s%n", "{x}", "$(id)", "[bold]x[/]", "\n", "a\nb", "=1+1", "*",
         "**", "[", "~", "~x", "w=0.5", "classes=\udcff", "classes=[", "classes=!x y", "=", "cuda",
         "cuda:99", "meta", "cpu", "macs,params", "macs=", "quick", "csv", "CON", "nul.yaml"]
FILES = ["net.yaml", "space.yaml", "own.yaml", "broken.yaml", "empty", "noise", "pipe", "loop",
         "nowhere", "dangling", "folder", "folder/", "zero", "/dev/full", "/dev/null", "/", ".",
         "..", "net.yaml/x", "missing/x.svg", "frozen/x.svg", "closed.yaml", "n\udcff.yaml",
         "l" * 250 + ".yaml", "l" * 256 + ".svg", "--json", "-o", "table.csv", "latency.json",
         "networks.json", "studies", "studies/s", "studies/s/study.db", "studies/s/best.yaml",
         "studies/s/finals.csv", "other.db", "cut.db", "ops.py", "exits.py", "raises.py",
         "no.py", "images", "imagefolder:images", "imagefolder:folder", "recipe.yaml", "x.png",
         "x.svg", "x.dot", "x.html", "x.csv", "x.parquet", "x.exe", ".svg", "x.SVG", "big.png"]
# What suits the options of these names.
SUITING: dict[str, list[str]] = {
    "budget": ["400K", "1M", "100K-400K"], "params": ["1M", "20K-1M"], "memory": ["4MB", "1KB-9MB"],
    "input": ["8", "9", "16"], "classes": ["10", "5", "100"], "set": ["classes=5", "classes=10"],
    "seed": ["1", "-7"], "epochs": ["1", "2"], "trials": ["2", "4"], "networks": ["3", "4"],
    "layers": ["2", "3"], "limit": ["1", "3"], "batch": ["2", "8"], "jobs": ["1", "2"],
    "workers": ["1", "2"], "recipe": ["recipe.yaml", "quick"], "data": ["digits",
    "imagefolder:images"], "ops": ["ops.py"], "study": ["s", "other"], "studies": ["studies"],
    "score": ["params", "macs", "naswot", "blend"], "screen": ["params"], "prior": ["params"],
    "objective": ["macs", "score", "table", "params"], "storage": ["sqlite:///a.db"],
    "scores": ["params", "naswot"], "output": ["x.svg", "x.html", "x.png", "x.dot", "new/x.svg"],
    "out": ["out", "new/out"], "table": ["latency.json", "table.csv"], "read": ["networks.json"],
    "calibrate": ["table.csv"], "beside": ["net.yaml", "own.yaml"], "validation": ["0.1", "0.5"],
    "column": ["accuracy"], "bands": ["0-400K"], "device": ["cpu"], "show": ["macs", "params,macs"],
    "plots": ["plots"], "into": ["all.db", "studies/s"], "found": ["studies/s"]}
SIGNALS = ("SIGINT", "SIGTERM")
SURROUNDINGS = ("stdout full", "stderr full", "all full", "stdout closed", "stderr closed",
                "all closed", "nobody reads", "cp1252", "ascii", "cp932", "latin-1", "no home",
                "home nowhere", "one column", "no space", "in use", "folder gone", *SIGNALS,
                *SIGNALS, *SIGNALS)


@dataclass(frozen=True)
class CommandLine:
    """A command by its module, its arguments, and what surrounds it (one of `SURROUNDINGS`, or
    nothing); for a signal the seconds after which it comes."""

    module: str
    arguments: tuple[str, ...]
    around: str = ""
    after_s: float = 0.0


class _Seen(Exception):
    """A parser that was about to parse."""


def parser_of(module: str) -> argparse.ArgumentParser:
    """The parser that a command makes, wherever it makes it."""
    made: list[argparse.ArgumentParser] = []

    def stop(self: argparse.ArgumentParser, *_: object) -> Any:
        made.append(self)
        raise _Seen

    if module == "search.launchers.__main__":
        return Parser()     # it takes no options
    before, Parser.parse_args = Parser.parse_args, stop  # type: ignore[method-assign, assignment]
    try:
        importlib.import_module(module).main(["rate"] if "scores" in module else [])
    except _Seen:
        pass
    finally:
        Parser.parse_args = before  # type: ignore[method-assign]
    return made[0] if made else Parser()


def options_of(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The options of a parser and of its commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from options_of(inner)
        elif action.option_strings:
            yield action


def value(rng: random.Random, action: argparse.Action) -> str:
    """A value for an option: often one that suits it, or of its kind."""
    if action.dest in SUITING and rng.random() < 0.5:
        return rng.choice(SUITING[action.dest])
    if action.choices is not None and rng.random() < 0.8:
        return str(rng.choice(list(action.choices)))
    shown = str(action.metavar or action.dest).upper()
    kind = FILES if shown in ("FILE", "FOLDER", "DIR", "NAME|PATH", "GENOTYPE", "CSV", "STUDY") \
        else AMOUNTS if shown in ("MACS", "BYTES", "TIME") \
        else NUMBERS if shown in ("N", "PIXELS", "PX", "SEED", "SHARE", "SECONDS") else WORDS
    return rng.choice(kind if rng.random() < 0.75 else NUMBERS + AMOUNTS + WORDS + FILES)


def command_line(seed: str, options: dict[str, list[argparse.Action]]) -> CommandLine:
    """The command line of a seed."""
    rng = random.Random(seed)
    module = rng.choice(list(LINES))
    words = list(rng.choice(LINES[module]))
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        way, at = rng.random(), rng.randrange(len(words) + 1)
        if way < 0.6 and options[module]:
            action = rng.choice(options[module])
            name = rng.choice(action.option_strings)
            given = value(rng, action)
            words += [name] if action.nargs == 0 or rng.random() < 0.03 else \
                [f"{name}={given}"] if rng.random() < 0.3 else [name, given]
        elif way < 0.85 and at < len(words):
            words[at] = rng.choice(NUMBERS + AMOUNTS + WORDS + FILES)
        elif way < 0.9 and at < len(words):
            words[at:at + 1] = [] if rng.random() < 0.5 else [words[at]] * 2
        else:
            words.insert(at, rng.choice(WORDS + FILES))
    around = rng.choice(SURROUNDINGS) if rng.random() < 0.4 else ""
    return CommandLine(module, tuple(words), around, rng.random() ** 2 * 3)
