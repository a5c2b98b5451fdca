"""What a search against the predicted accuracy ends with looks like what was published."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "studies" / "predictor"))

from attack import attack


@pytest.mark.slow
@pytest.mark.parametrize("budget", ["150M", "300M"])
def test_what_is_found_has_its_multiply_adds_where_published_networks_have_them(
        budget: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attack.HERE", tmp_path)
    found = attack("mobile", budget, 0, 30)
    assert found is not None and found.looked > 1_000
    assert found.faults == ()
    assert found.shape.macs <= int(budget[:-1]) * 1_000_000
    assert (tmp_path / "found" / f"mobile-{budget}-0.yaml").exists()
