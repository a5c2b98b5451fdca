"""Records of measured scores, stored as JSON (networks.json), which may be a stranger's."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any, Self

import numpy as np

from search.score_report.correlations import spearman
from search.scores.registry import SCORES
from searchspace import Genotype, SearchspaceError, load, spaces
from searchspace.notation.tree import Atom
from searchspace.safety.files import write_file
from searchspace.safety.reading import MAX_JSON, parse_json, read_bytes
from searchspace.safety.values import (
    FLAG,
    LARGEST,
    OBJECT,
    PLAIN,
    REAL,
    TEXT,
    WHOLE,
    WrongValueError,
    list_of,
    names_to,
    whole,
)

PUBLISHED = "published"         # in place of a space: the bundled networks with their accuracies


@dataclass(frozen=True)
class ScoringJob:
    """Settings of the measurements, the same for all networks."""

    space: str
    input: int
    batch: int
    seed: int
    scores: tuple[str, ...]
    compared: tuple[str, ...]       # of them, those that the reference needs
    again: int                      # networks that are scored twice

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Read the settings of a file; raises WrongValueError."""
        scores, compared = (tuple(list_of(TEXT).of(values, key)) for key in ("scores", "compared"))
        if unknown := {*scores, *compared} - {*SCORES}:
            raise WrongValueError(f"there is no score {min(unknown)!r}")
        return cls(TEXT.of(values, "space"), whole(1, 100_000).of(values, "input"),
                   whole(1).of(values, "batch"), whole(-LARGEST).of(values, "seed"), scores,
                   compared, WHOLE.of(values, "again"))

    @property
    def genotype(self) -> Genotype:
        """The space at the input size."""
        return _genotype(self.space, self.input)


@dataclass(frozen=True)
class ScoredNetwork:
    """One network with its scores, each with its CPU seconds on one core (building included), or
    the reason of its failure.

    ``accuracy``: from the table, or None. ``reference``: whether it belongs to the reference of
    relative scores. ``drawn``: whether it belongs to the sample. ``again``: scores from a second
    draw of weights, for some networks.
    """

    decisions: dict[str, Atom]
    identity: str
    macs: int
    params: int
    accuracy: float | None
    reference: bool
    drawn: bool
    values: dict[str, float]
    seconds: dict[str, float]
    errors: dict[str, str] = field(default_factory=dict)
    again: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Read a network of a file; raises WrongValueError."""
        scores = names_to(REAL)
        return cls(names_to(PLAIN).of(values, "decisions"), TEXT.of(values, "identity"),
                   WHOLE.of(values, "macs"), WHOLE.of(values, "params"),
                   REAL.get(values, "accuracy", None), FLAG.of(values, "reference"),
                   FLAG.of(values, "drawn"), scores.get(values, "values", {}),
                   scores.get(values, "seconds", {}), names_to(TEXT).get(values, "errors", {}),
                   scores.get(values, "again", {}))


@dataclass(frozen=True)
class Sample:
    """A job with its networks, in one JSON file."""

    job: ScoringJob
    what: str | None                # name of the accuracies
    networks: tuple[ScoredNetwork, ...]

    def seconds(self, parts: Sequence[str]) -> float:
        """Median seconds per network, for a relative score summed over its parts; nan where they
        were not taken."""
        found = [sum(n.seconds[part] for part in parts) for n in self.networks
                 if n.drawn and all(part in n.seconds for part in parts)]
        return median(found) if found else math.nan

    def agreement(self, name: str) -> float:
        """Spearman between the scores from two draws of weights; nan for a relative score."""
        pairs = [(n.values[name], n.again[name]) for n in self.networks
                 if name in n.values and name in n.again]
        if len(pairs) < 2:
            return math.nan
        first, second = np.array(pairs).T
        return float(spearman(first, second))

    def write(self, path: Path) -> None:
        """Write the sample, one network per line."""
        write_file(path, self.text())

    def text(self) -> str:
        """The sample as JSON, one network per line."""
        head = json.dumps({**asdict(self.job), "what": self.what})
        rows = ",\n".join(json.dumps(_short(asdict(n))) for n in self.networks)
        return f'{{"job": {head},\n"networks": [\n{rows}\n]}}\n'

    @classmethod
    def read(cls, path: Path, space: str) -> "Sample":
        """Read a file of `write`; raises SearchspaceError if it is invalid, or its space is neither
        ``space`` nor bundled: a file must not choose what else is read."""
        try:
            content = OBJECT.check(parse_json(read_bytes(path, MAX_JSON)), "the file")
            job = ScoringJob.of(OBJECT.of(content, "job"))
            what = TEXT.get(content["job"], "what", None)
            networks = tuple(map(ScoredNetwork.of, list_of(OBJECT).of(content, "networks")))
        except OSError as error:
            raise SearchspaceError(f"cannot read {path}: {error.strerror or error}") from None
        except ValueError as error:
            raise SearchspaceError(f"{path} is no sample of scores: {error}") from None
        if len({n.accuracy is None for n in networks if n.drawn}) != 1:
            raise SearchspaceError(f"{path} is no sample of scores: the accuracies of none or of "
                                   "all networks that were drawn are known, and there are some")
        if what is None and any(n.accuracy is not None for n in networks):
            raise SearchspaceError(f"{path} is no sample of scores: it does not say what the "
                                   "accuracies are")
        if job.space not in (space, PUBLISHED) and (job.space not in spaces()
                                                    or Path(job.space).exists()):
            raise SearchspaceError(f"{path} is of the space {job.space!r}: say so by --space, if "
                                   "that is your file")
        return cls(job, what, networks)


def _short(row: dict[str, object]) -> dict[str, object]:
    """A network without fields that are mostly empty, and with ten digits per number."""
    def short(value: object) -> object:
        if isinstance(value, float):
            return float(f"{value:.10g}")
        return {k: short(v) for k, v in value.items()} if isinstance(value, dict) else value

    row["seconds"] = {k: round(v, 4) for k, v in row["seconds"].items()}  # type: ignore[attr-defined]
    return {k: short(v) for k, v in row.items() if v != {} or k not in ("errors", "again")}


@cache
def _genotype(space: str, size: int) -> Genotype:
    return load(space).with_input(size)
