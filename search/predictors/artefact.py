"""A predictor as a JSON file: the bundled one, ``imagenet.json``, and those of users."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from search.predictors.calibration import Calibration, Known
from search.predictors.features import FEATURES
from search.predictors.neighbourhood import Neighbourhood
from search.predictors.prediction import Predictor, Scope
from search.predictors.published_accuracies import Measurements
from search.predictors.regression import Design, Regression
from search.predictors.spread import Spread
from searchspace import SearchspaceError
from searchspace.safety.files import replacing
from searchspace.safety.reading import MAX_JSON, parse_json, read_bytes

BUNDLED = Path(__file__).with_name("imagenet.json")
DIGITS = 6          # significant ones of what is written


class CalibrationError(SearchspaceError):
    """A file that holds no calibration, or a table from which none can be made."""


def fingerprint(known: Measurements) -> str:
    """What a calibration was fitted to, in 16 characters: accuracies and features, whose names
    count too."""
    words = zip(known.networks, known.families, known.recipes, strict=True)
    rows = [[*map(str, row), f"{top1:g}", *(f"{value:.4g}" for value in x)]
            for row, top1, x in zip(words, known.top1, known.x, strict=True)]
    return hashlib.sha256(json.dumps([list(FEATURES), *rows]).encode()).hexdigest()[:16]


def write(predictor: Predictor, known: Measurements, path: Path) -> None:
    """Write a predictor fitted to ``known``; OSError where the folder cannot be written to."""
    scope, fitted = predictor.scope, predictor.calibration
    mean, design, near = fitted.mean, fitted.mean.design, fitted.near
    content = {
        "fitted to": fingerprint(known),
        "scope": {"data": scope.data, "classes": scope.classes, "edges": list(scope.edges),
                  "recipe": scope.recipe},
        "mean": {"features": list(design.features), "mean": _plain(design.mean),
                 "scale": _plain(design.scale), "low": _plain(design.low),
                 "high": _plain(design.high), "intercept": _plain(mean.intercept),
                 "slopes": _plain(mean.slopes),
                 "steps": {name: _plain(step) for name, step in mean.steps.items()}},
        "spread": {"base": _plain(fitted.spread.base), "slope": _plain(fitted.spread.slope)},
        "near": {"features": list(near.features), "mean": _plain(near.mean),
                 "scale": _plain(near.scale), "whitening": _plain(near.whitening),
                 "reach": _plain(fitted.reach)},
        "known": [{"network": network, "recipe": recipe, "top1": float(top1), "macs": int(macs),
                   "point": _plain(at)} for network, recipe, top1, macs, at in zip(
            fitted.known.networks, fitted.known.recipes, fitted.known.top1,
            np.rint(fitted.known.macs), near.points, strict=True)],
    }
    with replacing(path) as fresh:
        fresh.write_text(_lines(content), encoding="utf-8")


def read(path: Path) -> tuple[Predictor, str]:
    """A predictor from its file, and the fingerprint of what it was fitted to.

    Raises:
        CalibrationError: the file holds none.
    """
    try:
        content = parse_json(read_bytes(path, MAX_JSON))
        scope, mean, near, known = (content[key] for key in ("scope", "mean", "near", "known"))
        array = np.asarray
        design = Design(tuple(mean["features"]), *(
            array(mean[key]) for key in ("mean", "scale", "low", "high")))
        fitted = Calibration(
            Regression(design, float(mean["intercept"]), array(mean["slopes"]), mean["steps"]),
            Neighbourhood(tuple(near["features"]), array(near["mean"]), array(near["scale"]),
                          array(near["whitening"]), array([row["point"] for row in known])),
            Spread(**content["spread"]),
            Known(tuple(row["network"] for row in known), tuple(row["recipe"] for row in known),
                  array([float(row["top1"]) for row in known]),
                  array([float(row["macs"]) for row in known])), float(near["reach"]))
        least, most = scope["edges"]
        return Predictor(Scope(scope["data"], scope["classes"], (least, most), scope["recipe"]),
                         fitted), str(content["fitted to"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CalibrationError(f"{path} holds no calibration: {error}") from None


@cache
def bundled() -> Predictor:
    """The predictor of ImageNet top-1 that comes with the package."""
    return read(BUNDLED)[0]


def _plain(value: Any) -> Any:
    """Numbers, and arrays of them, with six significant digits."""
    if isinstance(value, np.ndarray):
        return [_plain(one) for one in value]
    return float(f"{value:.{DIGITS}g}")


def _lines(content: dict[str, Any]) -> str:
    """JSON with a line for each known network, so that a change is a short one."""
    known = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in content.pop("known"))
    rest = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items())
    return f'{{\n{rest},\n "known": [\n{known}\n ]\n}}\n'
