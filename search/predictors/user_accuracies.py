"""Calibration on a user's own accuracies: a CSV file with the columns network and accuracy."""

from pathlib import Path

import numpy as np

from search.predictors.artefact import CalibrationError
from search.predictors.families import family
from search.predictors.fit import fit
from search.predictors.layer_statistics import Digest, digest
from search.predictors.prediction import Predictor, Scope
from search.predictors.published_accuracies import (
    IMAGENET,
    NEAR_224,
    PAPER,
    DataSet,
    Measurements,
    published_accuracies,
)
from search.spreadsheet import read
from searchspace import Genotype, SearchspaceError, load
from searchspace.errors import Place
from searchspace.expansion import trace
from searchspace.identifiers import is_name
from searchspace.notation.sources import YAML, beside

LEAST = 20          # networks
FAMILIES = 4        # with fewer, each network is left out on its own
_AROUND = 7 / 8     # of the edges of images in the table


def _load(network: str, table: Path, line: int) -> Genotype:
    """A bundled network, or one in a file beside the table; a table reads no others."""
    name, at, variant = network.partition("@")
    if is_name(name) and not name.endswith(YAML):
        return load(network)
    return load(f"{beside(name, table, Place(str(table), line), 'network')}{at}{variant}")


def published(data: DataSet = IMAGENET) -> tuple[Scope, Measurements]:
    """What is published of some images, and what a predictor of it is about; the bundled one is of
    ImageNet. Takes seconds."""
    edges = NEAR_224 if data is IMAGENET else data.edges
    return Scope(data.name, data.classes, edges), published_accuracies(data)


def own(path: Path) -> tuple[Scope, Measurements]:
    """The same for a user's table.

    Raises:
        CalibrationError: it is no such table, has fewer than twenty networks, or several numbers of
            classes.
    """
    rows: list[tuple[str, str, str, float, Digest]] = []
    classes, edges = set(), set()
    try:
        lines = read(path)
    except (OSError, ValueError) as error:
        raise CalibrationError(f"{path} cannot be read: {error}") from None
    for number, line in enumerate(lines, 2):
        try:
            network, top1 = line["network"].strip(), float(line["accuracy"])
            if not 0 < top1 < 100:
                raise ValueError(f"an accuracy is between 0 and 100 percent, not {top1}")
            expansion = trace(_load(network, path, number))
            rows.append((network, family(network), PAPER, top1, digest(expansion)))
        except KeyError:
            raise CalibrationError(f"{path} needs the columns network and accuracy") from None
        except (AttributeError, TypeError, ValueError, SearchspaceError) as error:
            raise CalibrationError(f"{path}, line {number}: {error}") from None
        classes.add(expansion.nodes[expansion.output].shape[0])
        edges.add(max(expansion.input[1:]))
    if len({row[0] for row in rows}) < LEAST:
        raise CalibrationError(f"{path} has {len(rows)} networks; {LEAST} are needed")
    if len(classes) > 1:
        raise CalibrationError(f"{path} has networks for {', '.join(map(str, sorted(classes)))} "
                               "classes; a calibration is for one data set")
    if len({row[1] for row in rows}) < FAMILIES:
        rows = [(network, network, *rest) for network, _, *rest in rows]  # type: ignore[misc]
    around = round(min(edges) * _AROUND), round(max(edges) / _AROUND)
    return Scope(path.name, classes.pop(), around, "as in the table"), Measurements.of(rows)


def calibrated(scope: Scope, known: Measurements) -> Predictor:
    """The predictor fitted to accuracies. Takes seconds."""
    return Predictor(scope, fit(known))


def worth(known: Measurements) -> float:
    """The deviation of the accuracies in points: what a predictor's mean error is compared with."""
    return float(np.abs(known.top1 - np.median(known.top1)).mean())
