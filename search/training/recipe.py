"""Training recipes: YAML files in search/training/recipes, or the user's own.

Reading is strict, as for genotypes: an unknown key is refused with the nearest known name. Lengths
are in epochs, or in iterations if a recipe has ``iterations`` instead of ``epochs``.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from search.errors import RecipeError
from searchspace.errors import GenotypeError, nearest
from searchspace.notation.reader import read
from searchspace.notation.schema import check_keys
from searchspace.notation.tree import Map, Scalar, Seq, Tree, describe

RECIPES = Path(__file__).parent / "recipes"

KEYS = ("name", "source", "note", "epochs", "iterations", "batch", "optimiser", "schedule",
        "warmup", "augment", "mixup", "label_smoothing", "dropout", "average")
OPTIMISERS = {"sgd": ("rate", "momentum", "nesterov", "decay"), "adamw": ("rate", "decay")}
SCHEDULES = {"constant": (), "cosine": (), "step": ("every", "factor"),
             "multistep": ("at", "factor"), "sgdr": ("first", "times")}
AUGMENTS = {"crop": ("pad",), "resized_crop": ("scale",), "flip": ()}
AVERAGES = ("ema", "swa")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe. ``length``, ``warmup`` and the schedule's times are in ``unit``; ``settings`` are
    those of the chosen optimiser and schedule.

    ``average``: the decay of an exponential average of the weights (ema), or the share of the
    training after which their plain average begins (swa).
    """

    name: str
    unit: Literal["epochs", "iterations"]
    length: float
    batch: int
    optimiser: str
    optimiser_settings: dict[str, Any]
    schedule: str
    schedule_settings: dict[str, Any]
    warmup: float = 0
    crop: int | None = None                         # pixels of padding
    scale: tuple[float, float] | None = None        # bounds of a resized crop's share of the area
    flip: bool = False
    mixup: float = 0
    label_smoothing: float = 0
    dropout: float | None = None
    ema: float | None = None
    swa: float | None = None
    source: str = ""
    note: str = ""

    @property
    def needs_kornia(self) -> bool:
        """Whether images are augmented by kornia, which is an extra."""
        return self.flip or self.crop is not None or self.scale is not None

    def digest(self) -> str:
        """Eight hexadecimal digits that identify the recipe's content, without its name."""
        does = {k: v for k, v in asdict(self).items() if k not in ("name", "source", "note")}
        return hashlib.blake2b(json.dumps(does, sort_keys=True).encode(), digest_size=4).hexdigest()

    def epochs(self, steps: int) -> int:
        """Number of epochs of a training with ``steps`` steps per epoch."""
        return max(1, round(self.length if self.unit == "epochs" else -(-self.length // steps)))


def recipes() -> list[str]:
    """Names of the bundled recipes."""
    return sorted(p.stem for p in RECIPES.glob("*.yaml"))


def load_recipe(name: str) -> Recipe:
    """A recipe by bundled name, or by the path of a YAML file.

    Raises:
        RecipeError: there is none. GenotypeError: the file is not a valid recipe.
    """
    if name.endswith((".yaml", ".yml")) or "/" in name:
        if not Path(name).is_file():
            raise RecipeError(f"there is no recipe {name}")
        return read_recipe(Path(name))
    if name not in recipes():
        raise RecipeError(f"no recipe {name!r}{nearest(name, recipes())}")
    return read_recipe(RECIPES / f"{name}.yaml")


def read_recipe(path: Path) -> Recipe:
    """The recipe in a file; raises GenotypeError for unknown, missing or invalid entries."""
    document = read(path)
    check_keys(document, KEYS, "a recipe")
    unit: Literal["epochs", "iterations"] = "iterations" if "iterations" in document else "epochs"
    if ("epochs" in document) == ("iterations" in document):
        raise GenotypeError("a recipe says epochs or iterations, one of them", document.place)
    optimiser, chosen = _one(document, "optimiser", OPTIMISERS)
    schedule, timed = _one(document, "schedule", SCHEDULES)
    augment = _map(document, "augment") if "augment" in document else Map({}, document.place)
    check_keys(augment, tuple(AUGMENTS), "augment")
    crop, resized = (_map(augment, k) if k in augment else None for k in ("crop", "resized_crop"))
    if crop is not None and resized is not None:
        raise GenotypeError("augment crops by crop or by resized_crop, one of them", augment.place)
    average = _map(document, "average") if "average" in document else Map({}, document.place)
    check_keys(average, AVERAGES, "average")
    if len(average) > 1:
        raise GenotypeError("average is ema or swa, one of them", average.place)
    for part, name in ((crop, "crop"), (resized, "resized_crop")):
        if part is not None:
            check_keys(part, AUGMENTS[name], name)
    return Recipe(
        _text(document, "name") or path.stem, unit, _number(document, unit, (1e-9, 1e7)),
        int(_number(document, "batch", (1, 1e6), whole=True)),
        optimiser, _optimiser(chosen, optimiser),
        schedule, _schedule(timed, schedule), _number(document, "warmup", (0, 1e7), 0),
        None if crop is None else int(_number(crop, "pad", (0, 1000), whole=True)),
        None if resized is None else _scale(resized), _flag(augment, "flip"),
        _number(document, "mixup", (0, 100), 0),
        _number(document, "label_smoothing", (0, 0.999), 0),
        _number(document, "dropout", (0, 0.999)) if "dropout" in document else None,
        _number(average, "ema", (0, 0.9999999)) if "ema" in average else None,
        _number(average, "swa", (0, 0.999)) if "swa" in average else None,
        _text(document, "source"), _text(document, "note"))


def _optimiser(tree: Map, name: str) -> dict[str, Any]:
    settings: dict[str, Any] = {"lr": _number(tree, "rate", (1e-12, 1e3)),
                                "weight_decay": _number(tree, "decay", (0, 10), 0)}
    if name == "sgd":
        settings |= {"momentum": _number(tree, "momentum", (0, 0.99999), 0),
                     "nesterov": _flag(tree, "nesterov")}
        if settings["nesterov"] and not settings["momentum"]:
            raise GenotypeError("nesterov needs a momentum above 0", tree.place)
    return settings


def _schedule(tree: Map, name: str) -> dict[str, Any]:
    if name == "step":
        return {"every": _number(tree, "every", (1e-9, 1e7)),
                "factor": _number(tree, "factor", (1e-9, 1))}
    if name == "multistep":
        at = tree.get("at")
        times = _numbers(at)
        if not times or min(times) <= 0 or times != sorted(times):
            raise GenotypeError("at is a list of growing times", (at or tree).place)
        return {"at": times, "factor": _number(tree, "factor", (1e-9, 1))}
    if name == "sgdr":
        return {"first": _number(tree, "first", (1e-9, 1e7)),
                "times": int(_number(tree, "times", (1, 100), 1, whole=True))}
    return {}


def _scale(tree: Map) -> tuple[float, float]:
    found = tree.get("scale")
    ends = _numbers(found)
    if len(ends) != 2 or not 0 < ends[0] <= ends[1] <= 1:
        raise GenotypeError("scale is a list of two shares of the area, the least and the "
                            "greatest", (found or tree).place)
    return float(ends[0]), float(ends[1])


def _numbers(tree: Tree | None) -> list[int | float]:
    """The numbers of a list; empty if it contains anything else."""
    values = [t.value if isinstance(t, Scalar) else None for t in tree] \
        if isinstance(tree, Seq) else []
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    return numbers if len(numbers) == len(values) else []


def _one(document: Map, key: str, known: dict[str, tuple[str, ...]]) -> tuple[str, Map]:
    """The single entry of a mapping such as ``{sgd: {rate: 0.1}}``."""
    tree = _map(document, key)
    check_keys(tree, tuple(known), key)
    if len(tree) != 1:
        raise GenotypeError(f"{key} is one of {', '.join(known)}", tree.place)
    name = next(iter(tree))
    inner = _map(tree, name)
    check_keys(inner, known[name], name)
    return name, inner


def _map(tree: Map, key: str) -> Map:
    found = tree.get(key)
    if not isinstance(found, Map):
        raise _wrong(tree, key, "a mapping")
    return found


def _number(tree: Map, key: str, ends: tuple[float, float], otherwise: float | None = None,
            whole: bool = False) -> float:
    found = tree.get(key)
    if found is None and otherwise is not None:
        return otherwise
    value = found.value if isinstance(found, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or \
            not ends[0] <= value <= ends[1]:
        raise _wrong(tree, key, f"a {'whole ' * whole}number from {ends[0]:g} to {ends[1]:g}")
    return value


def _flag(tree: Map, key: str) -> bool:
    found = tree.get(key)
    if found is None:
        return False
    if not (isinstance(found, Scalar) and isinstance(found.value, bool)):
        raise _wrong(tree, key, "true or false")
    return found.value


def _text(tree: Map, key: str) -> str:
    found = tree.get(key)
    if found is None:
        return ""
    if not (isinstance(found, Scalar) and isinstance(found.value, str)):
        raise _wrong(tree, key, "text")
    return found.value


def _wrong(tree: Map, key: str, expected: str) -> GenotypeError:
    found: Tree | None = tree.get(key)
    if found is None:
        return GenotypeError(f"{key} is missing: {expected}", tree.place)
    return GenotypeError(f"{key} is {expected}, not {describe(found)}", found.place)
