"""SqueezeNet's layers against the parameters of its paper's Table 1, weights and biases."""

import pytest

from searchspace import load
from searchspace.expansion import trace
from searchspace.summary import stages


@pytest.mark.parametrize(("layer", "params"), [
    ("conv1", 14_208), ("fire2", 11_920), ("fire3", 12_432), ("fire4", 45_344), ("fire5", 49_440),
    ("fire6", 104_880), ("fire7", 111_024), ("fire8", 188_992), ("fire9", 197_184),
    ("conv10", 513_000)])
@pytest.mark.parametrize("variant", ["1.0", "1.0-simple-bypass"])
def test_each_layer_has_the_parameters_of_table_1(layer: str, params: int, variant: str) -> None:
    genotype = load(f"squeezenet@{variant}")
    rows = {row.name: row.cost.params for row in stages(genotype, trace(genotype))}
    assert rows[layer] == params
