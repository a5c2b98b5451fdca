"""Table of all bundled networks with their papers' figures, and of the spaces."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import Any

from rich.measure import Measurement
from rich.table import Table

from searchspace.cli import Console, table
from searchspace.errors import UnknownNameError
from searchspace.expansion import trace
from searchspace.load import load, published, spaces
from searchspace.space.known_networks import known_networks
from searchspace.units import show_amount
from searchspace.zoo.figures import comparisons, standing

LEGEND = (
    "paper: as published, and ours counted by the rule of that paper; ✓ where ours, rounded or cut "
    "off, is what the paper prints. exact: the counts of a public implementation, or of the "
    "paper's own layer table, to the last digit. calibrated: the paper does not say enough, and "
    "what it leaves open is fitted to its figures. unsettled: a difference that nothing explains. "
    "published only: nothing but the paper's figures is known. top-1: the paper's own; ? where no "
    "source that can be read confirms it.")


BRIEF = ("The papers' figures, counting rules and sources are left out, since this terminal is "
         "narrow: widen it, write the list to a file, or take --json.")


def catalogue(pattern: str = "*", width: int | None = None) -> Iterable[Table | str]:
    """Tables of the bundled networks and spaces whose names begin with or match ``pattern``. Where
    they would be wider than ``width`` columns, the papers' figures are left out.

    Raises:
        UnknownNameError: no bundled network or space has such a name.
    """
    networks, open_ones = _named(pattern)
    if networks:
        full = _networks(networks)
        probe = Console(width=10_000)
        if width is None or Measurement.get(probe, probe.options, full).minimum <= width:
            yield full
            yield LEGEND
        else:
            yield _brief(networks)
            yield BRIEF
    if open_ones:
        listed = table("bundled spaces", ("space",), ("holes",), ("networks in it",))
        for name in open_ones:
            space = load(name)
            listed.add_row(name, str(len(space.holes)),
                           ", ".join(known.name for known in known_networks(space)))
        yield listed


def records(pattern: str = "*") -> Iterator[dict[str, Any]]:
    """The bundled networks whose names begin with or match ``pattern``, as plain data: name, input
    [C, H, W], params and macs as counted here, published and exact figures or None, and status
    (see `standing`).

    Raises:
        UnknownNameError: no bundled network or space has such a name.
    """
    for name in _named(pattern)[0]:
        genotype = load(name)
        header, expansion = genotype.header, trace(genotype)
        cost = expansion.cost()
        yield {"name": name, "input": list(expansion.input), "params": cost.params,
               "macs": cost.macs, "published": header.published and asdict(header.published),
               "exact": header.exact and asdict(header.exact),
               "status": standing(header, cost)}


def _named(pattern: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Bundled networks and spaces of such names."""
    networks, open_ones = (tuple(n for n in names if _matches(n, pattern))
                           for names in (published(), spaces()))
    if not networks and not open_ones:
        raise UnknownNameError(f"no bundled network or space is named like {pattern!r}")
    return networks, open_ones


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or name.startswith(pattern)


def _networks(names: tuple[str, ...]) -> Table:
    made = table("bundled networks", ("network",),
                 ("params", "MACs", "paper: params", "ours", "difference",
                  "paper: MACs", "ours", "difference"),
                 ("rule", "counts", "exact counts of", "top-1", "source"))
    for name in names:
        genotype = load(name)
        header, expansion = genotype.header, trace(genotype)
        cost, figures, exact = expansion.cost(), header.published, header.exact
        cells = [name, f"{cost.params:,}", f"{cost.macs:,}"]
        compared = {c.what: c for c in comparisons(header, expansion)}
        for what in ("params", "MACs"):
            if c := compared.get(what):
                cells += [c.printed, f"{c.ours:,}", f"{percent(c.difference)} {' ✓'[c.met]}"]
            else:
                cells += [""] * 3
        top1 = f"{figures.top1:g} %" if figures and figures.top1 is not None else ""
        top1 += " ?" if figures and figures.unchecked else ""
        made.add_row(*cells, figures.rule if figures else "", standing(header, cost),
                     exact.of if exact else "", top1, _short(header.source))
    return made


def _brief(names: tuple[str, ...]) -> Table:
    made = table("bundled networks", ("network",), ("params", "MACs", "top-1"), ("counts",))
    for name in names:
        genotype = load(name)
        cost, figures = trace(genotype).cost(), genotype.header.published
        top1 = f"{figures.top1:g} %" if figures and figures.top1 is not None else ""
        made.add_row(name, show_amount(cost.params), show_amount(cost.macs), top1,
                     standing(genotype.header, cost))
    return made


def percent(difference: float) -> str:
    """A difference with its sign; without one if it is 0.00.

    >>> percent(1.234), percent(-0.001)
    ('+1.23 %', '0.00 %')
    """
    return f"{difference:+.2f} %" if abs(difference) >= 0.005 else "0.00 %"


def _short(source: str) -> str:
    """Authors and year: the text before the first comma."""
    return source.partition(",")[0]
