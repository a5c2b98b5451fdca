"""The time of a search by its phases: the table of ``--profile``, and its file."""

from pathlib import Path

from rich.table import Table

from search.spreadsheet import write
from searchspace.phases import REST, Profile
from searchspace.units import show_duration

PHASES = {
    "proposing": "the sampler chooses",
    "solving": "a proposal is brought to the budget",
    "costs": "steps of networks are run: multiply-adds, parameters, shapes",
    "identity": "two are told apart",
    "building": "torch modules are made",
    "scoring": "networks are evaluated",
    "storing": "the database is read and written",
    "reporting": "files and the report are written",
    REST: "the start, what keeps a search going, and the screen",
}
FILE = "profile.csv"


def profile_table(profile: Profile) -> Table:
    """The phases in the order of a trial, each with its share."""
    whole = sum(spent.seconds for spent in profile.spent.values()) or 1.0
    table = Table("phase", "seconds", "share", "processor", "times", "what is done",
                  title=f"Where {show_duration(whole)} went", title_justify="left")
    for column in range(1, 5):
        table.columns[column].justify = "right"
    for name, what in PHASES.items():
        if spent := profile.spent.get(name):
            table.add_row(name, f"{spent.seconds:.2f}", f"{spent.seconds / whole:.1%}",
                          f"{spent.processor:.2f}", f"{spent.times:,}" if spent.times else "", what)
    return table


def write_profile(profile: Profile, folder: Path) -> None:
    """Write the phases of the last run of a study as a table."""
    write(folder / FILE, ["phase", "seconds", "processor_seconds", "times"], (
        [name, f"{spent.seconds:.6f}", f"{spent.processor:.6f}", spent.times]
        for name in PHASES if (spent := profile.spent.get(name))))
