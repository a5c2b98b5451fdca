"""Latency options of a search: parsing, the latency table, and a measurement at the end."""

import argparse
import random
from dataclasses import replace
from pathlib import Path

from search.latency.device import Device
from search.latency.find import OWN, find_latency_table
from search.latency.measure import TimedNetwork, time_networks
from search.latency.predict import Predictor
from search.study.settings import Settings
from searchspace import Genotype, SearchspaceError
from searchspace.cli import Console
from searchspace.expansion import trace
from searchspace.units import show_time

GOALS = ("latency", "measured-latency")


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
    with console.waiting() as tell:
        table = find_latency_table(settings.genotype(), settings.input, device,
                                   Path(options.studies), folder, options.latency_table, tell)
    console.print(f"latency on {table.device.name}: {table.error or 'error unknown'}")
    if not options.report and not (folder / OWN).exists():
        table.write(folder / OWN)
    predictor = Predictor(table)
    return replace(settings, device=device, predictor=predictor,
                   budget=replace(settings.budget, predict=predictor.nanoseconds))


def timed(genotype: Genotype, settings: Settings) -> str:
    """One sentence: the found network's latency, measured on this machine and predicted."""
    assert settings.device is not None
    [seconds] = time_networks(settings.device, [TimedNetwork(genotype, None)], random.Random(0))
    told = f"{show_time(seconds * 1e9)} measured on {settings.device.name}"
    if settings.predictor is None:
        return told
    predicted = show_time(settings.predictor.nanoseconds(trace(genotype)))
    elsewhere = settings.predictor.table.device
    where = "" if elsewhere == settings.device else f" for {elsewhere.name}"
    return f"{predicted} predicted{where}, {told}"
