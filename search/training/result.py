"""What a finished training leaves: weights.safetensors, and result.json with what they reach."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.data import Data
from searchspace import Genotype
from searchspace.safety.files import write_file

if TYPE_CHECKING:
    from search.training.loop import Training


def write_result(training: "Training", data: Data, genotype: Genotype,
                 folder: Path) -> dict[str, Any]:
    """Evaluate on the test images, and write weights and result; returns the result."""
    from safetensors.torch import save

    from search.data.folder import CENTRE

    mean, deviation = training.standard
    result = {"network": genotype.title, "data": data.name,
              **({"folder": str(data.folder), "centre": CENTRE} if data.folder else {}),
              "recipe": training.recipe.name,
              **({"began_with": digest} if (digest := training.task.what.get("weights")) else {}),
              "epochs": training.epoch, "seed": training.seed,
              "test_accuracy": training.accuracy(data.test), "test_images": len(data.test),
              "validation_accuracy": training.curve[-1].validated,
              "seconds": sum(row.seconds for row in training.curve),
              "input": list(training.task.shape), "classes": list(data.classes),
              "pixel_mean": list(mean), "pixel_deviation": list(deviation)}
    same = {k: v for k, v in result.items() if k != "seconds"}      # the same bytes again
    write_file(folder / "weights.safetensors",        # by Python, whose errors are OSErrors
               save(training.weights(), {"result": json.dumps(same)}))
    write_file(folder / "result.json", json.dumps(result, indent=1) + "\n")
    return result
