"""Measure how long networks take on this machine, and how well that is predicted.

examples:
  python -m search.latency mobilenet-v2 --input 96
  python -m search.latency studies/mine/best.yaml --table studies/mine/latency.json
  python -m search.latency --space mobile --input 96
  python -m search.latency --space mobile --space si --input 224 --threads 2 -o laptop.json

A network is timed. A space's layers are timed, and its table written: `search/run.py --latency
20ms` searches by it, and makes one itself where there is none.
"""

import argparse
import random
from pathlib import Path

from rich.table import Table as Grid
from rich.text import Text

from search.environment import STUDIES
from search.latency.device import Device
from search.latency.find import table_path
from search.latency.layers import layers
from search.latency.measure import Effort, TimedNetwork, make_table, time_networks
from search.latency.predict import Predictor
from search.latency.table import MAX_LAYERS, LatencyTable
from search.process import keep_memory, wait_asleep
from searchspace import Genotype, SearchspaceError, load
from searchspace.cli import Console, Parser, add_limits, add_option, load_named, output, run, start
from searchspace.expansion import trace
from searchspace.shapes import Size, read_size, size_of
from searchspace.space.point import sample
from searchspace.text import counted
from searchspace.units import show_time

SHOWN = 10      # layers of a network


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, 2 for a user error, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    keep_memory()
    wait_asleep()
    return run(lambda: _time(options, output(110)))


def _time(options: argparse.Namespace, console: Console) -> None:
    """Time a network, or make a table of a space."""
    load_named(options)
    if bool(options.network) is bool(options.space):
        raise SearchspaceError("name a network to time, or a --space to make a table of")
    device = Device.here(options.device, options.threads, options.batch)
    if options.network:
        _network(options, device, console)
    else:
        _space(options, device, console)


def _network(options: argparse.Namespace, device: Device, console: Console) -> None:
    genotype = _sized(load(options.network), options.input)
    if genotype.is_space:
        raise SearchspaceError(f"{options.network} is a space; give it as --space")
    expansion = trace(genotype)
    table = LatencyTable.read(options.table) if options.table else None
    [seconds] = time_networks(device, [TimedNetwork(genotype, None)], random.Random(0))
    edge = "×".join(map(str, expansion.input))
    console.print(Text.assemble(f"{genotype.title} at {edge}: ", (show_time(seconds * 1e9), "bold"),
                                f" measured on {device.name}"))
    if table is None:
        return
    predictor = Predictor(table)
    predicted = predictor.seconds(expansion)
    line = f"table of {table.device.name}: {show_time(predicted * 1e9)}"
    if table.device == device:
        line += f" ({predicted / seconds - 1:+.1%})"
    console.print(line + (f"; {table.error}" if table.error else ""))
    parts = list(layers(expansion))
    times = predictor.of_layers(parts)
    grid = Grid("layer", "input", "time", "share", title="its slowest layers", title_justify="left")
    ranked = sorted(zip(times, expansion.nodes, parts, strict=True), key=lambda row: -row[0])
    for time, node, part in ranked[:SHOWN]:
        grid.add_row(f"{node.name} ({node.op.label()})", "×".join(map(str, part.inputs[0])),
                     show_time(time * table.scale * 1e9), f"{time / sum(times):.1%}")
    console.print(grid)


def _space(options: argparse.Namespace, device: Device, console: Console) -> None:
    spaces = [_sized(load(name), options.input) for name in options.space]
    for space in spaces:
        if not space.is_space:
            raise SearchspaceError(f"{space.title} is a network; time it without --space")
    if options.layers > MAX_LAYERS:
        raise SearchspaceError(f"--layers takes up to {MAX_LAYERS:,}")
    if options.output is None and len(spaces) > 1:
        raise SearchspaceError("a table of several spaces needs a name: -o FILE")
    size = size_of(*sample(spaces[0], random.Random(0)).expansion.input[1:])
    path = options.output or table_path(STUDIES, device, spaces[0], size)
    with console.waiting() as tell:
        table = make_table(device, spaces, Effort(options.layers), options.seed, tell)
    table.write(path)
    console.print(Text.assemble((str(path), "bold"), f": {counted(len(table.layers), 'layer')} "
                                f"timed on {device.name}; {table.error}"))


def _sized(genotype: Genotype, size: Size | None) -> Genotype:
    return genotype if size is None else genotype.with_input(size)


def _parser() -> argparse.ArgumentParser:
    parser = Parser("python -m search.latency", __doc__)
    parser.add_argument("network", nargs="?", help="a bundled network or a path, to be timed")
    parser.add_argument("--space", action="append", metavar="NAME|PATH",
                        help="a space to make a table of; several for one table")
    parser.add_argument("--input", type=read_size, metavar="PIXELS", help="edge of the images "
                        "(default: the genotype's)")
    parser.add_argument("--device", default="cpu", metavar="NAME", help="cpu, cuda, cuda:1 "
                        "(default: cpu)")
    parser.add_argument("--threads", type=int, default=1, metavar="N",
                        help="of the CPU (default: 1)")
    parser.add_argument("--batch", type=int, default=1, metavar="N",
                        help="images at a time (default: 1)")
    parser.add_argument("--table", type=Path, metavar="FILE",
                        help="also predict the network's time from this table")
    parser.add_argument("--layers", type=int, default=400, metavar="N",
                        help="layers to time for a table (default: 400)")
    parser.add_argument("--seed", type=int, default=0, help="which layers and networks are drawn")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE",
                        help="where the table goes (default: studies/latency-tables/)")
    add_option(parser)
    add_limits(parser)
    return parser


if __name__ == "__main__":
    start(main)
