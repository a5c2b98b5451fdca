"""Training on a GPU; without one the checks skip, and what they rest on is checked on the CPU."""

from pathlib import Path

import pytest
import torch
import training
from torch.utils.flop_counter import FlopCounterMode

from search.data import open_data
from search.training.device import half
from search.training.loop import Training, TrainingTask
from search.training.recipe import load_recipe
from searchspace import build, cost, load

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


def test_the_plain_network_has_the_macs_that_it_says() -> None:
    macs = cost(load(training.NETWORK)).macs
    net = training.plain_like(macs)
    with FlopCounterMode(display=False) as found, torch.no_grad():
        net.eval()(torch.zeros(1, 3, 32, 32))
    counted = found.get_total_flops() / 2
    width = net[0].out_channels
    assert counted == training.plain_macs(width) == pytest.approx(macs, rel=0.05)


@pytest.mark.slow
def test_the_measurement_runs_on_a_cpu(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("kornia")
    assert training.main(["--device", "cpu", "--images", "16", "--batch", "8", "--epochs", "2"]) == 0
    assert "images/s trained here" in capsys.readouterr().out


@GPU
def test_final_training_of_hcgnet_beside_a_plain_network(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        assert training.main(["--epochs", "3"]) == 0


@GPU
@pytest.mark.filterwarnings("ignore:.*deterministic")
def test_mixed_precision_learns_and_repeats(tmp_path: Path) -> None:
    data = open_data("digits")
    curves = []
    for _ in range(2):
        torch.manual_seed(0)
        run = Training(build(load("resnet-cifar@20").with_input(16)),
                       TrainingTask(load_recipe("quick"), 4, data.train, data.test, (3, 16, 16), 0),
                       torch.device("cuda:0"))
        run.run(2)
        run.save(tmp_path / "c.pt")
        assert half(run.device) is not None and run.resume(tmp_path / "c.pt")
        run.run(4)
        curves.append([row.loss for row in run.curve])
        assert run.curve[-1].validated is not None and run.curve[-1].validated > 80
    assert curves[0] == curves[1]
