"""Names of objectives and drawings (as artifacts of the study) for optuna-dashboard."""

import json
import uuid
from collections.abc import Sequence
from pathlib import Path

import optuna

from searchspace.safety.files import make_folder, write_file

FOLDER = "artifacts"            # in the study's folder; `optuna-dashboard --artifact-dir`
_PREFIX = "artifacts:"          # of the attribute under which Optuna keeps an artifact's name
_NAMES = "study:metric_names"   # where Optuna's `set_metric_names` keeps them, with a warning


def name_objectives(study: optuna.Study, names: Sequence[str]) -> None:
    """Name the values of a study's trials."""
    study._storage.set_study_system_attr(study._study_id, _NAMES, list(names))


def attach(study: optuna.Study, file: Path, folder: Path) -> None:
    """Make a drawing an artifact of the study; replaces an earlier one of the same name."""
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{study.study_name}/{file.name}"))
    write_file(make_folder(folder) / name, file.read_bytes())
    study._storage.set_study_system_attr(study._study_id, _PREFIX + name, json.dumps({
        "artifact_id": name, "filename": file.name, "mimetype": "image/svg+xml",
        "encoding": None}))
