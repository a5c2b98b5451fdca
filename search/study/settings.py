"""Settings of a search, and those that must not change when its study is continued."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import optuna

from search.errors import StudyError
from search.latency import Device, Predictor
from search.objectives import Objective, named
from search.objectives.function import Function
from search.objectives.usual import PREDICTED
from search.samplers import SAMPLERS
from search.scores.registry import DEFAULT_SCORE, is_quick
from search.study.kept import Kept
from search.tables import fingerprint
from search.training.options import TrainOptions
from searchspace import Genotype, load
from searchspace.notation.sources import short_name
from searchspace.safety.files import file_name
from searchspace.safety.values import PLAIN, TEXT, Kind, WrongValueError, list_of, names_to, whole
from searchspace.shapes import Size, short
from searchspace.space.budget import Budget

DEFAULT = ("score",)        # objectives
_SETTING: Kind[Any] = Kind("a plain value, or a list or an object of them", lambda value: all(
    map(PLAIN.accepts, value.values() if isinstance(value, dict) else
        value if isinstance(value, list) else [value])))


@dataclass(frozen=True, slots=True)
class Settings:
    """One search. ``trials``: None for as many as there is time for; ``time``: seconds of one run,
    after which no trial begins; ``input``: size of the images; ``table``: files of the objective of
    that name, ``table_halving``: of so many networks one is looked up there after more epochs,
    ``table_learn``: costs that it lacks are predicted; ``device``: where a latency is measured,
    ``predictor``: predicts it; ``screen``: score of the graph by which networks are chosen;
    ``function``: the user's own objective, and ``pruner`` what stops it early; ``kept``: the text
    of the space, see `resolved`."""

    space: str
    budget: Budget
    input: Size
    seed: int
    sampler: str
    trials: int | None
    batch: int
    classes: int | None = None
    objectives: tuple[str, ...] = DEFAULT
    table: tuple[Path, ...] = ()
    table_halving: int | None = None
    table_learn: bool = False
    warm_start: bool = True
    prior: str | None = None
    score: str = DEFAULT_SCORE
    screen: str | None = None
    device: Device | None = None
    predictor: Predictor | None = None
    train: TrainOptions | None = None
    function: Function | None = None
    pruner: optuna.pruners.BasePruner | None = None
    kept: Kept | None = None
    time: float | None = None

    def resolved(self) -> "Settings":
        """These settings with the present text of the space, independent of its files.

        Raises:
            SearchspaceError: as `genotype`.
        """
        return replace(self, kept=self.keeps())

    def keeps(self) -> Kept:
        """The copy of the space and its operations that a study of these settings keeps."""
        return self.kept or Kept.now(self.genotype())

    def genotype(self) -> Genotype:
        """The space at this input size and with this many classes.

        Raises:
            SearchspaceError: no such space, or it has no holes.
        """
        if self.kept:
            return self.kept.genotype(self.space)
        return space_of(self.space, self.input, self.classes)

    @property
    def screens(self) -> str | None:
        """The score of the graph by which networks are screened: the one asked for, or the only
        objective where it is one; None if there is none."""
        able = self.sampler == "auto" or SAMPLERS.find(self.sampler).screens
        if self.screen or self.objectives != DEFAULT or not able:
            return self.screen
        return self.score if is_quick(self.score) else None

    @property
    def study_name(self) -> str:
        """Default name of the study; the same for the same command."""
        goals = self.objectives if self.objectives != DEFAULT else ()
        if self.score not in (DEFAULT_SCORE, PREDICTED):        # whichever is a space's default
            goals = (*goals, self.score)
        if self.screen:
            goals = (*goals, f"screened-{self.screen}")
        return file_name("-".join([short_name(self.space), self.budget.text, *goals,
                                   f"{short(self.input)}px", f"seed{self.seed}"]))

    def lasting(self) -> dict[str, Any]:
        """Settings that may not change when a study is continued: all but the number of trials and
        the time for them. Files count by their content, not their place; for the space see
        `Kept`."""
        budget = replace(self.budget, known=(), own=())       # their functions are no values
        values = asdict(replace(self, function=None, pruner=None, budget=budget))
        for name in ("trials", "time", "predictor", "function", "pruner", "kept"):
            del values[name]
        values["budget"] = self.budget.text
        return values | {"objectives": list(self.objectives),
                         "input": _plain(self.input), "table": _digests(self.table),
                         "device": self.device.name if self.device else None,
                         "latency table": self.predictor.table.digest if self.predictor else None,
                         "train": self.train.lasting(self.train.read(), self.train.open())
                         if self.train else None}

    def check_same(self, attributes: Mapping[str, Any], study: str) -> None:
        """Raise StudyError if a study with these attributes was made with other settings or from
        files of other content. Settings that did not exist then have their defaults."""
        was = StoredSettings.of(attributes, f"study {study!r}")
        stored = _flat({"objectives": list(DEFAULT), "score": "naswot", **was.everything})
        wanted = _flat(self.lasting())
        kept = Kept.of(attributes)
        change = kept and kept.change(self.keeps())
        if not change:
            del wanted["space"]         # the same under another name
        for key, value in wanted.items():
            if (found := stored.get(key)) != value:
                raise StudyError(
                    f"study {study!r} was made with {key} = {_shown(found)}, not "
                    f"{_shown(value)}; continue it with the same, or name another --study")
        if kept is None:
            raise StudyError(f"study {study!r} is of a version that kept no copy of the space, so "
                             "that nothing tells whether it has changed; name another --study")
        if change:
            raise StudyError(f"study {study!r} cannot be continued: {change}; undo that, or name "
                             "another --study")


def space_of(what: str | Genotype, size: Size, classes: int | None = None) -> Genotype:
    """The space of this name or path, or this genotype, for images of this size.

    Raises:
        SearchspaceError: no such space, or it has no holes.
    """
    args: dict[str, Any] = {} if classes is None else {"classes": classes}
    space = (load(what, **args) if isinstance(what, str) else what.with_args(args))
    if not space.is_space:
        raise StudyError(f"{space.title} is a network without holes; there is nothing to search")
    return space.with_input(size)


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """The settings that a study was made with. ``everything``: all of them, by name."""

    space: str
    budget: str
    input: Size
    classes: int | None
    score: str
    sampler: str
    objectives: tuple[Objective, ...]
    everything: Mapping[str, Any]

    @classmethod
    def of(cls, attributes: Mapping[str, Any], where: str) -> Self:
        """The settings in the attributes of a study; ``where`` names it in messages.

        Raises:
            StudyError: it has none, or one is of another type or range.
        """
        if "settings" not in attributes:
            raise StudyError(f"{where} holds a study that search/run.py did not make")
        try:
            found = names_to(_SETTING).of(attributes, "settings")
            names = list_of(TEXT).get(found, "objectives", ["score"])
            score = TEXT.get(found, "score", "naswot")
            return cls(TEXT.of(found, "space"), TEXT.of(found, "budget"),
                       _size(found),
                       whole(1).get(found, "classes", None), score, TEXT.of(found, "sampler"),
                       named(names, score), found)
        except WrongValueError as error:
            raise StudyError(f"{where} is damaged: among its settings, {error}") from None

    def check_goals(self, directions: Sequence[optuna.study.StudyDirection], where: str) -> None:
        """Raise StudyError if the database has other directions than the objectives."""
        if [d.name.lower() for d in directions] != [o.direction for o in self.objectives]:
            raise StudyError(f"{where} is damaged: its directions are not those of its objectives")


def _plain(size: Size) -> int | list[int]:
    """A size as JSON gives it back."""
    return size if isinstance(size, int) else list(size)


def _size(settings: Mapping[str, Any]) -> Size:
    """The size of images among stored settings, see `_plain`; raises WrongValueError."""
    edge = whole(1, 100_000)
    if not isinstance(settings.get("input"), list):
        return edge.of(settings, "input")
    found = list_of(edge).of(settings, "input")
    if len(found) != 2:
        raise WrongValueError(f"input has {len(found)} sides")
    return found[0], found[1]


def _digests(files: Sequence[Path]) -> str | list[str] | None:
    """The SHA-256 of the files of a table; several as a list."""
    found = list(map(fingerprint, files))
    return found if len(found) > 1 else found[0] if found else None


def _flat(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with those of training moved to the top level, if there are any."""
    return {k: v for k, v in settings.items() if k != "train"} | (settings.get("train") or {})


def _shown(value: Any) -> str:
    """A setting, human-readable; SHA-256 digests are abbreviated."""
    text = " and ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{text[:12]}…" if re.fullmatch("[0-9a-f]{64}", text) else text
