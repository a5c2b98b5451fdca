"""The commands of the predictor, rating networks, and calibration on one's own table."""

import json
from pathlib import Path

import pytest

from search.predictors.__main__ import main
from search.predictors.artefact import CalibrationError, read
from search.predictors.user_accuracies import own
from search.scores.__main__ import main as scores

NETWORKS = [f"mobilenet-v2@{name}" for name in ("1.0", "1.4", "1.3", "0.75", "0.5", "0.35")] + [
    f"mobilenet-v1@{name}" for name in ("1.0", "0.75", "0.5", "0.25")] + [
    f"shufflenet-v2@{name}" for name in ("0.5", "1.0", "1.5", "2.0")] + [
    f"shufflenet-v1@{name}" for name in ("1.0-g1", "1.0-g2", "1.0-g3", "0.5-g1", "0.5-g2", "0.5-g3")] + [
    "mobilenet-v3@1.0", "mobilenet-v3@0.75"]


def table(folder: Path, networks: list[str]) -> Path:
    path = folder / "mine.csv"
    path.write_text("network,accuracy\n" + "".join(f"{name},{60 + i / 2}\n"
                                                   for i, name in enumerate(networks)))
    return path


def test_networks_are_rated_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    status = scores(["rate", "mobilenet-v2", "nothing", "resnet-cifar@20", "shufflenet-v2@1.0",
                     "--json"])
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 2 and [row["network"] for row in rows] == ["mobilenet-v2", "shufflenet-v2@1.0"]
    assert rows[0]["score"] == "top1" and 69 < rows[0]["value"] < 74
    assert rows[0]["lower"] < rows[0]["value"] and rows[0]["spread"] > 0
    assert rows[0]["macs"] == 300774272 and rows[0]["params"] == 3504872
    assert len(rows[0]["nearest"]) == 3 and rows[0]["recipe"] == "paper"
    assert "error: nothing: " in err and "error: resnet-cifar@20: accuracy on ImageNet" in err


def test_any_score_rates(capsys: pytest.CaptureFixture[str]) -> None:
    assert scores(["rate", "mobilenet-v2", "--score", "params", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row == {"network": "mobilenet-v2", "score": "params", "value": 3504872.0,
                   "macs": 300774272, "params": 3504872}
    assert scores(["rate", "mobilenet-v2", "--score", "top1-lower"]) == 0
    assert "top1-lower" in (said := capsys.readouterr().out) and "±" in said
    assert scores(["rate", "mobilenet-v2", "--score", "blend"]) == 2
    assert "compares networks" in capsys.readouterr().err
    assert scores(["rate", "mobilenet-v2", "--score", "nawsot"]) == 2
    assert scores(["rate", "mobile"]) == 2
    assert "space" in capsys.readouterr().err


def test_the_list_says_what_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert "mobilenet-v2@1.0 " in out and "judged" in out
    assert "resnet-cifar" not in out.replace("│ resnet-cifar", "") and "0.25-g1" not in out


def test_a_table_of_ones_own_calibrates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = table(tmp_path, NETWORKS), tmp_path / "mine.json"
    assert main(["calibrate", "--calibrate", str(path), "--out", str(out)]) == 0
    predictor, _ = read(out)
    assert predictor.scope.classes == 1000 and predictor.scope.data == "mine.csv"
    assert main(["check", "--calibrate", str(path)]) == 0
    assert "mean error" in capsys.readouterr().out
    assert scores(["rate", "mobilenet-v2", "--calibrate", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recipe"] == "as in the table"


@pytest.mark.parametrize(("text", "reason"), [
    ("network,accuracy\nmobilenet-v2,70\n", "has 1 networks; 20 are needed"),
    ("name,top1\nmobilenet-v2,70\n", "needs the columns network and accuracy"),
    ("network,accuracy\nmobilenet-v2,170\n", "line 2: an accuracy is between"),
    ("network,accuracy\nmobilenet-v2,much\n", "line 2: could not convert"),
    ("network,accuracy\nmobilenet-v22,70\n", "line 2: no bundled genotype"),
    ("network,accuracy\nmobilenet-v2\n", "needs the columns"),
    ("\xff", "columns|20 are needed"), ("", "20 are needed")])
def test_a_table_that_is_none_is_told(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    with pytest.raises(CalibrationError, match=reason):
        own(path)


def test_tables_of_two_data_sets_and_lost_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="10, 1000 classes"):
        own(table(tmp_path, [*NETWORKS, "resnet-cifar@20"]))
    with pytest.raises(CalibrationError, match="cannot be read"):
        own(tmp_path / "lost.csv")
    (tmp_path / "bad.json").write_text('{"scope": 1}')
    with pytest.raises(CalibrationError, match="holds no calibration"):
        read(tmp_path / "bad.json")


def test_a_calibration_of_ones_own_needs_a_place(tmp_path: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "--calibrate", str(table(tmp_path, NETWORKS))]) == 2
    assert "--out" in capsys.readouterr().err
