"""What archives answer, as tables and lines of a console."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from search.archive.queries import ArchivedNetwork, Disagreement
from search.archive.records import Measure, Standing
from searchspace.text import counted
from searchspace.units import show_amount, show_bytes


def ranking(measure: Measure, found: Sequence[Standing]) -> Table:
    """The best networks by one measure."""
    grid = Table(title=_title(measure), title_justify="left")
    for name in ("network", "value", "seeds", "MACs", "params", "memory", "input", "identity"):
        grid.add_column(name, justify="left" if name in ("network", "identity") else "right")
    for s in found:
        spread = f" ({s.least:.6g} to {s.greatest:.6g})" if s.count > 1 else ""
        grid.add_row(s.name, f"{s.mean:.6g}{spread}", str(s.count), show_amount(s.macs),
                     show_amount(s.params), show_bytes(s.memory) if s.memory else "–",
                     str(s.input_size), s.identity[:12])
    return grid


def described(key: str, network: ArchivedNetwork) -> Iterator[RenderableType]:
    """Everything known about a network: names and costs in a line each, then its evaluations."""
    yield Text.assemble(
        (key, "bold"), f": {', '.join(network.names[:5])}",
        f" and {len(network.names) - 5} more names" * (len(network.names) > 5),
        f"; of the space {', '.join(network.spaces)}" if network.spaces else "")
    memory = f", {show_bytes(network.memory)} of activations" if network.memory else ""
    yield (f"{show_amount(network.macs)} MACs ({network.macs:,}), {network.params:,} "
           f"parameters{memory} at {network.input_size} pixels")
    grid = Table()
    for name in ("score", "data", "recipe", "epochs", "seed", "value", "seconds", "study",
                 "machine", "when"):
        grid.add_column(name, justify="right" if name in ("seed", "value", "seconds") else "left",
                        overflow="fold")
    for e in network.evaluations:
        value = f"{e.value:.8g}" if e.value is not None else f"failed: {e.error}"
        trial = f"{e.study} {e.trial}" if e.study and e.trial is not None else e.study or ""
        grid.add_row(e.score, e.data, e.recipe, str(e.fidelity or ""), str(e.seed), value,
                     f"{e.seconds:.2f}", trial, e.machine.partition(",")[0],
                     f"{e.created:%Y-%m-%d %H:%M}")
    yield grid


def differing(found: Sequence[Disagreement]) -> Table:
    """Networks with differing values of one measure."""
    grid = Table()
    for name in ("identity", "what", "values", "spread"):
        grid.add_column(name, justify="right" if name == "spread" else "left", overflow="fold")
    for d in found:
        over = "over its seeds" if d.seed is None else f"seed {d.seed}, in several archives"
        grid.add_row(d.identity[:12], f"{_title(d.measure)}, {over}",
                     ", ".join(f"{v:.6g}" for v in d.values), f"{d.spread:.2%}")
    return grid


def _title(measure: Measure) -> str:
    score, data, recipe, fidelity = measure
    length = counted(fidelity, "epoch") if fidelity else ""
    return ", ".join(filter(None, [score, data, recipe, length]))
