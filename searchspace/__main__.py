"""``python -m searchspace``: costs of a network by stage, and its published figures."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence

from rich.table import Table

from searchspace import load, to_yaml
from searchspace.cli import (
    Console,
    Parser,
    add_limits,
    add_option,
    load_named,
    run,
    setting,
    show,
    start,
    table,
)
from searchspace.cost import peak
from searchspace.errors import SearchspaceError
from searchspace.expansion import Expansion, trace
from searchspace.genotype import Genotype
from searchspace.notation.metadata import Header
from searchspace.ops import show_shape
from searchspace.ops.base import is_foreign
from searchspace.shapes import read_size
from searchspace.space.known_networks import known_networks
from searchspace.summary import SummaryRow, operations, stages
from searchspace.text import counted
from searchspace.units import show_bytes
from searchspace.zoo.catalogue import catalogue, percent, records
from searchspace.zoo.figures import comparisons, standing

EXAMPLES = """\
examples:
  python -m searchspace --list                        all bundled networks beside their papers
  python -m searchspace --list "resne*@50*"           some of them
  python -m searchspace --list --json                 the networks, a JSON object a line
  python -m searchspace mobilenet-v2@1.4              one of them, stage by stage
  python -m searchspace hcgnet@a3 --set classes=100   with another argument
  python -m searchspace sinet@1.6 --input 192         at another image size
  python -m searchspace my/net.yaml --level operation every operation of a file of your own
  python -m searchspace nasnet-a --verify             count again with torch and fvcore
  python -m searchspace mixed                         a space: its holes
  python -m searchspace export --help                 take a network home: code, ONNX, int8, …
  python -m searchspace import --help                 weights and networks of other projects
"""


def arguments() -> Parser:
    """The command line."""
    parser = Parser("python -m searchspace", epilog=EXAMPLES,
                    description="Shapes, MACs and parameters of a genotype, beside what its paper "
                                "published.\nOne MAC is one multiply-add of a convolution or "
                                "linear layer.")
    parser.add_argument("genotype", metavar="NAME|PATH", nargs="?",
                        help="a bundled name or a file, with a variant after @: sinet@1.6")
    parser.add_argument("--list", action="store_true",
                        help="all bundled networks and spaces, or those named like NAME")
    parser.add_argument("--json", action="store_true",
                        help="with --list: the networks alone, one JSON object a line with name, "
                             "input, params, macs, published, exact, status")
    parser.add_argument("--level", choices=("stage", "operation"), default="stage",
                        help="a row for each step of the net (default), or for each operation")
    parser.add_argument("--input", type=read_size, metavar="N", help="count at N×N pixels, or at "
                        "48x96 (height, width)")
    parser.add_argument("--set", action="append", default=[], metavar="ARG=VALUE",
                        help="set an argument of the network; may be repeated")
    parser.add_argument("--yaml", action="store_true",
                        help="print the resolved genotype as YAML, and nothing else")
    parser.add_argument("--verify", action="store_true",
                        help="build it, and compare with torch and fvcore; exit 1 on disagreement")
    add_option(parser)
    add_limits(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, 1 (a disagreement) or 2 (a user's mistake)."""
    given = sys.argv[1:] if argv is None else list(argv)
    if given[:1] == ["export"]:
        from searchspace.export.command import main as export

        return export(given[1:])
    if given[:1] == ["import"]:
        from searchspace.importing.command import main as importing

        return importing(given[1:])
    options = arguments().parse_args(given)
    return run(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    load_named(options)
    if options.json and not options.list:
        raise SearchspaceError("--json has no effect without --list")
    if options.list and options.json:
        for record in records(options.genotype or "*"):
            Console().out(json.dumps(record))
        return 0
    if options.list:
        width = Console().width if sys.stdout.isatty() else None
        show(*catalogue(options.genotype or "*", width))
        return 0
    if options.genotype is None:
        raise SearchspaceError("give a network by name or path, or --list; see "
                               "python -m searchspace --help")
    changed = bool(options.set) or options.input is not None
    genotype = load(options.genotype).with_args(dict(setting(text) for text in options.set))
    if options.input is not None:
        genotype = genotype.with_input(options.input)
    if options.yaml:
        genotype.program    # noqa: B018 - compiled, so that errors are raised before printing
        Console().out(to_yaml(genotype), end="")
        return 0
    if genotype.is_space:
        if options.verify:
            raise SearchspaceError(f"{genotype.title} is a space with "
                                   f"{counted(len(genotype.holes), 'hole')}; "
                                   "only a network can be verified")
        note, named = genotype.header.note, [k.name for k in known_networks(genotype)]
        show(holes_table(genotype), *([f"Networks in it: {', '.join(named)}"] if named else []),
             *([f"Note: {note}"] if note else []))
        return 0
    expansion = trace(genotype)
    if options.verify:
        return verify(genotype)
    most, step = peak(expansion)
    rows = operations(expansion) if options.level == "operation" else stages(genotype, expansion)
    show(cost_table(genotype, expansion, rows),
         f"Peak activations: {show_bytes(most)} (one image, float32), in {step}.",
         *about(genotype.header, expansion, changed))
    return 0


# --- tables -------------------------------------------------------------------------------------


def cost_table(genotype: Genotype, expansion: Expansion, rows: list[SummaryRow]) -> Table:
    """Rows with their share of all MACs, and the totals."""
    total = expansion.cost()
    title = (f"{genotype.title}, input {show_shape(expansion.input)}, "
             f"{counted(len(expansion.nodes), 'operation')}")
    remarks = ("remarks",) if any(row.remarks for row in rows) else ()
    made = table(title, ("step", "", "what"), ("output", "MACs", "share", "params"), remarks)
    for row in rows:
        cells = [row.name, f"×{row.times}" if row.times > 1 else "", row.what]
        cells += ["–"] * 4 if row.shape is None else [
            show_shape(row.shape), f"{row.cost.macs:,}",
            f"{row.cost.macs / total.macs:.1%}" if row.cost.macs else "", f"{row.cost.params:,}"]
        made.add_row(*cells, *(["; ".join(row.remarks)] if remarks else []))
    made.add_section()
    made.add_row("total", "", "", "", f"{total.macs:,}", "", f"{total.params:,}", style="bold")
    return made


def holes_table(genotype: Genotype) -> Table:
    """Table of the holes of a space."""
    made = table(f"{genotype.title}: a space, holes: {len(genotype.holes)}", ("hole", "kind"),
                 ("options",), ("which", "only where"))
    for hole in genotype.holes:
        parents = ", ".join(f"{name} = {label}" for name, label in hole.parents)
        labels = [str(label) for label in hole.labels]
        shown = labels if len(labels) <= 12 else [*labels[:3], "…", labels[-1]]
        made.add_row(hole.name, hole.kind + (" per repeat" if hole.each else ""),
                     f"{len(hole.labels):,}", ", ".join(shown), parents)
    return made


def about(header: Header, expansion: Expansion, changed: bool) -> Iterable[Table | str]:
    """The published figures and ours, their status, and their source.

    ``changed``: the network has other arguments or another input than the published one.
    """
    cost, figures = expansion.cost(), header.published
    if figures:
        made = table("published figures", ("",), ("published", "ours", "difference"), ("",))
        for what, printed, ours, difference, met in comparisons(header, expansion):
            made.add_row(what, printed, f"{ours:,}", percent(difference),
                         "agrees as printed" if met else "")
        yield made
        yield (f"Ours counted by the paper's own rule, {figures.rule}"
               + ("; the published network has other arguments or another input."
                  if changed else "."))
        if figures.top1 is not None:
            where = f" (Table {figures.table})" if figures.table else ""
            yield (f"Top-1 accuracy in the paper: {figures.top1:g} %{where}"
                   + (", unchecked: no source that can be read confirms it."
                      if figures.unchecked else "."))
    if header.accuracies and not changed:
        made = table("accuracies of trained weights", ("data", "recipe"), ("image", "top-1"),
                     ("source",))
        for a in header.accuracies:
            made.add_row(a.data, a.recipe, f"{a.size}×{a.size}", f"{a.top1:g} %", a.of)
        yield made
    if header.exact and not changed:
        same = (header.exact.params, header.exact.macs) == (cost.params, cost.macs)
        yield (f"Exact counts of {header.exact.of or 'a public implementation'}: "
               f"{header.exact.params:,} parameters, {header.exact.macs:,} MACs; "
               + ("ours are the same to the last digit." if same else "OURS DIFFER."))
    if (status := standing(header, cost)) and not changed:
        yield f"Status: {status}."
    if header.note:
        yield f"Note: {header.note}"
    if header.source:
        yield f"Source: {header.source}"


def verify(genotype: Genotype) -> int:
    """Compare with torch and fvcore; 0 where all agree, else 1."""
    import torch

    from searchspace.building.verify import verify as check

    torch.set_num_threads(1)    # one image: several threads mostly wait for each other
    made = table(f"{genotype.title}, counted twice", ("what", "by"), ("ours", "theirs"), ("",))
    checks = check(genotype)
    for c in checks:
        made.add_row(c.what, c.by, f"{c.ours:,}", f"{c.theirs:,}",
                     "agrees" if c.agrees else f"DIFFERS {c.remark}".rstrip())
    if all(c.agrees for c in checks):
        show(made, "All agree.")
        return 0
    foreign = sorted({node.op.kind for node in trace(genotype).nodes if is_foreign(type(node.op))})
    fault = f"the code of {' or '.join(foreign)}, or of searchspace" if foreign else "searchspace"
    unseen = "; or it counts more than convolutions and linear layers, which is all that the " \
        "others see" if foreign else ""
    show(made, f"They disagree: a fault of {fault}{unseen}.")
    return 1


if __name__ == "__main__":
    start(main)
