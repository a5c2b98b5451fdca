"""Files of version 1 of the notation, as they were written then, load for ever.

The files in ``fixtures/version-1`` and what they mean, in ``meaning.json``, are never written anew:
they are bundled networks and spaces of November 2026 with the blocks that these called, and files
by hand for what the notation knows beside.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from searchspace import Genotype, GenotypeError, load, to_yaml
from searchspace.expansion import trace
from searchspace.load import variants
from searchspace.notation.version import VERSION
from searchspace.space.frozen import freeze, thaw

OLD = Path(__file__).parents[1] / "fixtures" / "version-1"
MEANING: dict[str, Any] = json.loads((OLD / "meaning.json").read_text(encoding="utf-8"))
FILES = sorted(path.stem for path in OLD.glob("*.yaml") if not path.stem.endswith("-blocks"))


def network(genotype: Genotype, index: int) -> list[Any]:
    """What the network is in which all holes take their option of this number: MACs, parameters, and
    a digest of its operations with their names, inputs, shapes and costs."""
    found = trace(genotype, lambda _, hole: hole.labels[index])
    lines = [f"{n.name} {n.op.kind} {n.inputs} {n.shape} {n.cost.macs} {n.cost.params}"
             for n in found.nodes]
    cost = found.cost()
    return [cost.macs, cost.params, hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]]


def meaning(name: str) -> dict[str, Any]:
    """All that a file means, by variant."""
    path = OLD / f"{name}.yaml"
    made = {}
    for variant in variants(path) or (None,):
        genotype = load(path, variant)
        made[variant or ""] = {
            "networks": [network(genotype, index) for index in ((0, -1) if genotype.is_space else (0,))],
            "holes": {h.name: [len(h.labels), str(h.labels[0]), str(h.labels[-1])]
                      for h in genotype.holes}}
    return made


@pytest.mark.parametrize("name", FILES)
def test_an_old_file_means_what_it_meant(name: str) -> None:
    assert meaning(name) == MEANING[name]


def test_each_old_file_has_a_meaning() -> None:
    assert set(FILES) == set(MEANING) and len(FILES) > 20


@pytest.mark.parametrize("line", ["", "version: 1\n"])
def test_a_file_without_a_version_is_of_version_1(genotype: Callable[..., Genotype], line: str) -> None:
    made = genotype(f"name: old\n{line}input: [3, 8, 8]\nnet: [gap: ]")
    assert made.name == "old" and VERSION == 1
    assert to_yaml(made).startswith(line or "name")


@pytest.mark.parametrize(("version", "message"), [
    ("2", "this file is of version 2 of the notation, and this program reads versions up to 1; update"),
    ("0", "version is a whole number from 1, not 0"), ("1.0", "not 1.0"), ("one", "not 'one'"),
    ("[1]", "not a list"), ("", "not nothing")])
def test_a_later_version_is_told_before_its_keys(genotype: Callable[..., Genotype], version: str,
                                                 message: str) -> None:
    with pytest.raises(GenotypeError, match=message):
        genotype(f"name: new\nversion: {version}\nlayers: [gap: ]")
    if version:
        kept = freeze(genotype("- gap:"))
        with pytest.raises(GenotypeError, match=message):
            thaw(replace(kept, space=f"version: {version}\n{kept.space}"), "<study>")
    for key in ("base", "use"):
        with pytest.raises(GenotypeError, match=message):
            genotype(f"name: net\n{key}: other.yaml\ninput: [3, 8, 8]\nnet: [gap: ]",
                     {"other.yaml": f"version: {version}\nkeys: of another"})
