"""Query the archives of all studies, or of some: files, study folders, names, URLs.

examples:
  python -m search.archive best --budget 300M
  python -m search.archive best --budget 300M --params 4M --score naswot studies/mine studies/yours
  python -m search.archive show mobilenet-v2@1.0
  python -m search.archive show studies/mine/best.yaml
  python -m search.archive disagree
  python -m search.archive export evaluations.parquet
  python -m search.archive import postgresql+psycopg://me@host/db --into all.db
  python -m search.archive check
  python -m search.archive backup mine-today.db studies/mine
  python -m search.archive migrate studies/mine

Only import (into its target), check --repair and migrate change an archive; all others open it to
be read.
"""

import argparse
import os
from contextlib import ExitStack
from pathlib import Path

from rich.text import Text

from search.archive import Archive, StorageError
from search.archive.answers import described, differing, ranking
from search.archive.connection.access import Access
from search.archive.connection.arguments import without_secrets
from search.archive.connection.locations import all_urls, elsewhere, new_url
from search.archive.export import export
from search.archive.integrity import check, repair
from search.archive.merge import backup, merge
from search.archive.queries import about, best, disagreements, identities, measures
from search.archive.records import Bounds
from search.archive.schema import REVISION
from search.environment import STUDIES
from searchspace import load
from searchspace.cli import (
    Console,
    Parser,
    add_option,
    load_named,
    output,
    remark,
    run,
    start,
)
from searchspace.errors import nearest
from searchspace.identity import identity
from searchspace.shapes import Size, read_size
from searchspace.space.budget import Budget
from searchspace.text import counted

FAULTY = 1      # exit status of a check that finds something, as of a tool that compares


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status is 0, 1 if a check finds faults, or 2 for invalid
    arguments."""
    options = _parser().parse_args(without_secrets(arguments))
    return run(lambda: _ask(options, output(140)))


def _ask(options: argparse.Namespace, console: Console) -> int:
    """Open the archives and run the command on them."""
    with ExitStack() as open_:
        studies = Path(options.studies)
        for folder in elsewhere(studies) if not options.archives else ():
            remark(f"{folder} is left out: it is in another database, which must be "
                   "named explicitly")
        archives = [open_.enter_context(Archive(url, access=options.access))
                    for url in all_urls(options.archives, studies)]
        return int(options.run(options, archives, console))


def _best(options: argparse.Namespace, archives: list[Archive], console: Console) -> int:
    budget = Budget.read(options.budget, options.params, options.memory)
    if any(bound.least is not None for bound in budget.bounds):
        raise StorageError("best takes upper bounds, such as --budget 300M, and no bands")
    wanted = [m for m in measures(archives)
              if all(given is None or given == part for given, part in zip(
                  (options.score, options.data, options.recipe, options.epochs), m, strict=True))]
    if not wanted:
        known = sorted({m[0] for m in measures(archives)})
        hint = nearest(options.score, known) if options.score else ""
        raise StorageError(f"no such evaluations; there are {', '.join(known) or 'none'}{hint}")
    bounds = Bounds(budget.macs, budget.params, budget.memory)
    shown = False
    for measure in wanted:
        # `table` and the scores are to be large; what a network costs is to be small
        found = best(archives, measure, bounds, options.limit)
        if not found:
            continue
        shown = True
        console.print(ranking(measure, found))
    if not shown:
        console.print(f"nothing was evaluated inside {budget}")
    return 0


def _show(options: argparse.Namespace, archives: list[Archive], console: Console) -> int:
    load_named(options)
    key = _identity(options.network, options.input, archives)
    network = about(archives, key)
    if network is None:
        console.print(f"{options.network} ({key}) was never evaluated; at another input size it "
                      "is another network: --input")
        return 0
    for part in described(key, network):
        console.print(part)
    if options.yaml:
        console.out(network.genotype, end="")
    return 0


def _identity(text: str, size: Size | None, archives: list[Archive]) -> str:
    """The identity of a network given by name, file, or the beginning of its identity."""
    if len(text) >= 6 and set(text) <= set("0123456789abcdef"):
        found = identities(archives, text)
        if len(found) > 1:
            raise StorageError(f"{text} is the beginning of {len(found)} identities")
        if found:
            return found[0]
    network = load(text)
    if network.is_space:
        raise StorageError(f"{text} is a space, no network: holes are open in it")
    return identity(network if size is None else network.with_input(size))


def _disagree(options: argparse.Namespace, archives: list[Archive], console: Console) -> int:
    found = disagreements(archives, options.limit)
    if not found:
        console.print("nothing disagrees")
        return 0
    console.print(differing(found))
    return 0


def _export(options: argparse.Namespace, archives: list[Archive], console: Console) -> int:
    count = export(archives, Path(options.file))
    console.print(f"{counted(count, 'evaluation')} in {options.file}")
    return 0


def _import(options: argparse.Namespace, archives: list[Archive], console: Console) -> int:
    with Archive(new_url(options.into)) as target:
        for source in archives:
            if source.database.name == target.database.name:
                raise StorageError(f"{source.database.name} cannot be imported into itself")
            m = merge(source, target)
            line = Text(f"{source.database.name}: {counted(m.architectures, 'network')}, "
                        f"{counted(m.evaluations, 'evaluation')} and "
                        f"{counted(m.studies, 'study')} are new, "
                        f"{m.renewed:,} replaced a failure, {m.known:,} were known")
            if m.different:
                line.append(f", {m.different:,} of them with another value", "bold")
                line.append(" (ours is kept)")
            console.print(line)
    return 0


def _check(options: argparse.Namespace, archives: list[Archive], console: Console) -> int:
    status = 0
    for archive in archives:
        if options.access is Access.WRITE:
            repair(archive)
        faults = check(archive)
        console.print(f"{archive.database.name}: {'; '.join(faults) or 'whole'}")
        status = FAULTY if faults else status
    return status


def _backup(options: argparse.Namespace, archives: list[Archive], console: Console) -> int:
    if len(archives) != 1:
        raise StorageError(f"name the one archive to back up; there are {len(archives)}")
    if os.path.lexists(options.file):
        raise StorageError(f"{options.file} is there already")
    backup(archives[0], options.file)
    console.print(f"{archives[0].database.name} is copied to {options.file}")
    return 0


def _migrate(options: argparse.Namespace, archives: list[Archive], console: Console) -> int:
    for archive in archives:
        found = archive.database.found
        console.print(f"{archive.database.name}: " + (
            "up to date" if found == REVISION else f"brought from {found} to {REVISION}"))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser("python -m search.archive", __doc__)
    parser.add_argument("--studies", default=str(STUDIES), metavar="FOLDER",
                        help="folder of the studies whose archives are queried by default")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, about: str,
                access: Access = Access.READ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about)
        made.set_defaults(run=run, access=access)
        return made

    one = command("best", _best, "the best networks under a budget, across all studies")
    one.add_argument("--budget", metavar="MACS", help="at most so many multiply-adds: 300M")
    one.add_argument("--params", metavar="N", help="at most so many parameters: 4M")
    one.add_argument("--memory", metavar="BYTES", help="at most so many of activations: 4MB")
    one.add_argument("--score", metavar="NAME", help="by this score only: naswot, table")
    one.add_argument("--data", metavar="TEXT", help="on these data only")
    one.add_argument("--recipe", metavar="NAME", help="trained by this recipe only")
    one.add_argument("--epochs", type=int, metavar="N", help="trained for so many epochs only")
    one.add_argument("--limit", type=int, default=10, metavar="N", help="rows (default: 10)")
    one = command("show", _show, "everything known about a network")
    one.add_argument("network", help="name, file, or the beginning of an identity")
    one.add_argument("--input", type=read_size, metavar="PIXELS", help="at this input size")
    one.add_argument("--yaml", action="store_true", help="also its genotype")
    add_option(one)
    one = command("disagree", _disagree, "networks with differing values of one measure")
    one.add_argument("--limit", type=int, default=20, metavar="N", help="rows (default: 20)")
    one = command("export", _export, "all evaluations as a file")
    one.add_argument("file", help="what to write: .csv, .json or .parquet")
    one = command("import", _import, "merge archives into one, without duplicates")
    one.add_argument("--into", required=True, metavar="ARCHIVE",
                     help="database file or URL; made where it is not")
    one = command("check", _check, "check the integrity of archives; exit status 1 on faults")
    one.add_argument("--repair", dest="access", action="store_const", const=Access.WRITE,
                     help="first recompute what is derived from the evaluations")
    one = command("backup", _backup, "copy an SQLite database while it may be written to")
    one.add_argument("file", help="the copy")
    command("migrate", _migrate, "bring archives of an older release up to date", Access.MIGRATE)
    for made in commands.choices.values():
        made.add_argument("archives", nargs="*", metavar="ARCHIVE",
                          help="database files, study folders, names of studies, or URLs "
                          "(default: all studies)")
    return parser


if __name__ == "__main__":
    start(main)
