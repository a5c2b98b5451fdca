"""Latency options of a search: parsing, the latency table, and a measurement at the end."""

import argparse
import random
from dataclasses import replace
from pathlib import Path

from search.latency.device import Device
from search.latency.find import OWN, shared_table, table_path
from search.latency.measure import TimedNetwork, time_networks
from search.latency.predict import Predictor
from search.latency.table import LatencyTable
from search.study.settings import Settings
from searchspace import Genotype, SearchspaceError
from searchspace.cli import Console
from searchspace.expansion import trace
from searchspace.safety.files import own
from searchspace.units import show_time


def add_clock(parser: argparse.ArgumentParser) -> None:
    """Add the options of a latency."""
    parser.add_argument("--latency", metavar="TIME", help="hard bound on the predicted latency: "
                        "20ms, 800us, 15ms-20ms; see python -m search.latency --help")
    parser.add_argument("--latency-table", type=Path, metavar="FILE", help="the device's table of "
                        "layers (default: this machine's, measured when it is first needed)")
    parser.add_argument("--device", default="cpu", metavar="NAME",
                        help="where a latency is measured: cpu, cuda, cuda:1 (default: cpu)")
    parser.add_argument("--latency-threads", type=int, default=1, metavar="N",
                        help="threads of the CPU for it (default: 1)")
    parser.add_argument("--latency-batch", type=int, default=1, metavar="N",
                        help="images at a time for it (default: 1)")


def clocked(settings: Settings, options: argparse.Namespace, folder: Path,
            console: Console) -> Settings:
    """The settings with device and predictor if a latency is bounded or an objective, else
    unchanged.

    Raises:
        SearchspaceError: no such device, no such table, or a table that is not used.
    """
    predicted = settings.budget.latency is not None or "latency" in settings.objectives
    if options.latency_table and not predicted:
        raise SearchspaceError("--latency-table FILE is read for --latency and --objective latency "
                               "only")
    if not predicted and "measured-latency" not in settings.objectives:
        return settings
    device = Device.here(options.device, options.latency_threads, options.latency_batch)
    if not predicted:
        return replace(settings, device=device)
    table = _table(settings, device, options, folder, console)
    console.print(f"latency on {table.device.name}: {table.error or 'error unknown'}")
    if not options.report and not (folder / OWN).exists():
        table.write(folder / OWN)
    predictor = Predictor(table)
    return replace(settings, device=device, predictor=predictor,
                   budget=replace(settings.budget, predict=predictor.nanoseconds))


def _table(settings: Settings, device: Device, options: argparse.Namespace, folder: Path,
           console: Console) -> LatencyTable:
    """The table that is named, else the study's own, else this machine's."""
    if options.latency_table is not None:
        return LatencyTable.read(options.latency_table)
    if (folder / OWN).exists():
        return LatencyTable.read(own(folder / OWN))
    if not table_path(Path(options.studies), device, settings.genotype(), settings.input).exists():
        console.print(f"no table of {device.name} for this space yet: its layers and networks are "
                      "timed once, which takes minutes, the longer the larger the images")
    with console.waiting() as tell:
        return shared_table(settings.genotype(), settings.input, device, Path(options.studies),
                            tell)


def timed(genotype: Genotype, settings: Settings) -> str:
    """One sentence: the found network's latency, measured on this machine and predicted."""
    assert settings.device is not None
    [seconds] = time_networks(settings.device, [TimedNetwork(genotype, None)], random.Random(0))
    measured = f"{show_time(seconds * 1e9)} measured on {settings.device.name}"
    if settings.predictor is None:
        return measured
    predicted = show_time(settings.predictor.nanoseconds(trace(genotype)))
    elsewhere = settings.predictor.table.device
    where = "" if elsewhere == settings.device else f" for {elsewhere.name}"
    return f"{predicted} predicted{where}, {measured}"
