"""``python -m searchspace`` as its users run it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from bundled import costs, each_family, network
from inside import ran

from searchspace import cost, load, spaces
from searchspace.__main__ import main
from searchspace.building.verify import Check


def searchspace(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-W", "error", "-m", "searchspace", *arguments],
                          capture_output=True, text=True, encoding="utf-8", timeout=120,
                          check=False)


@pytest.fixture(scope="module")
def listing() -> str:
    run = ran(main, "--list")
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


@each_family
def test_the_list_has_every_network_with_its_counts(names: tuple[str, ...], listing: str) -> None:
    for name in names:
        found, header = costs()[name], network(name).header
        row, = (line for line in listing.splitlines() if f" {name} " in line)
        assert f" {found.params:,} " in row
        assert f" {found.macs:,} " in row
        figures, exact = header.published, header.exact
        assert all(f" {printed} " in row
                   for printed in (figures and figures.params, figures and figures.macs) if printed)
        status = header.status or ("exact" if exact else "published only" if figures else "")
        assert f" {status} " in row
        assert f" {exact.of if exact else ''} " in row
        assert header.source.partition(",")[0] in row


@pytest.mark.parametrize("name", spaces())
def test_the_list_has_every_space(name: str, listing: str) -> None:
    assert re.search(rf"^\S* {name} +\S* +{len(load(name).holes)} ", listing, re.MULTILINE)


def test_a_network_is_shown_whole_without_a_terminal() -> None:
    run = searchspace("mobilenet-v2@1.4")
    assert (run.returncode, run.stderr) == (0, "")
    for text in ("stage6.1–2", "×2", "224×7×7", "1,240,064", "582,195,824", "6,108,776", "585M",
                 "torchvision", "Status: exact", "Sandler", "no shortcut: 24×112×112"):
        assert text in run.stdout
    assert "…" not in run.stdout
    assert "\x1b" not in run.stdout


def test_operations_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["henet", "--level", "operation"]) == 0
    shown = capsys.readouterr().out
    assert "stage1.2.both" in shown
    assert "conv 3×3 g4, relu" in shown


def test_another_input_and_other_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mobilenet-v2", "--input", "64", "--set", "classes=10", "--set", "w=0.5"]) == 0
    shown = capsys.readouterr().out
    changed = load("mobilenet-v2", classes=10, w=0.5).with_input(64)
    assert f"{cost(changed).macs:,}" in shown
    assert f"{cost(changed).params:,}" in shown
    assert "Status" not in shown


def test_a_calibrated_network_keeps_its_residuals_in_sight(
        capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sinet@1.8"]) == 0
    shown = capsys.readouterr().out
    for text in ("7.6M", "-5.48 %", "570M", "+3.67 %", "Status: calibrated", "not recovered"):
        assert text in shown


@pytest.mark.parametrize("name", spaces())
def test_a_space_shows_its_holes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name]) == 0
    shown = capsys.readouterr().out
    for hole in load(name).holes:
        row, *_ = (line for line in shown.splitlines() if f" {hole.name} " in line)
        assert f" {hole.kind} " in row
        assert str(hole.labels[0]) in row


@pytest.mark.parametrize("name", ["henet", "mobilenet-v2@1.4", "nasnet-a@cifar"])
def test_yaml_loads_to_the_same_network(name: str, tmp_path: Path,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--yaml"]) == 0
    file = tmp_path / "again.yaml"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    assert cost(load(file)) == cost(load(name))


def test_verify_agrees() -> None:
    run = ran(main, "henet", "--verify")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.count("10,046,040") == 4
    assert run.stdout.count(" agrees ") == 4
    assert "All agree." in run.stdout


def test_verify_fails_on_a_disagreement(monkeypatch: pytest.MonkeyPatch,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("searchspace.building.verify.fvcore_macs", lambda *_: 10_046_041)
    assert main(["henet", "--verify"]) == 1
    shown = capsys.readouterr().out
    assert "10,046,041" in shown
    assert "DIFFERS" in shown


def test_a_shape_that_differs_is_a_disagreement() -> None:
    assert Check("shapes", "torch", 3, 3).agrees
    assert not Check("shapes", "torch", 3, 2, "stem: 8×4×4 here, 8×5×5 in torch").agrees


@pytest.mark.parametrize(("arguments", "message"), [
    ((), "give a network by name or path"),
    (("nothing-like-it", "--list"), "no bundled network or space is named like"),
    (("mobilnet-v2",), "did you mean 'mobilenet-v2'?"),
    (("mobilenet-v2@1.5",), "no variant '1.5'"),
    (("nowhere.yaml",), "no file nowhere.yaml"),
    (("henet", "--bogus"), "unrecognized arguments: --bogus"),
    (("henet", "--level", "block"), "invalid choice: 'block'"),
    (("henet", "--input", "big"), "'big' is no size of images"),
    (("henet", "--input", "0"), "their edge from 1 to 100,000"),
    (("henet", "--input", "3"), "leaves nothing"),
    (("henet", "--set", "classes"), "--set takes ARG=VALUE"),
    (("henet", "--set", "classes=[1"), "--set classes=[1"),
    (("henet", "--set", "clases=100"), "did you mean 'classes'?"),
    (("henet", "--set", "classes=many"), "'many'"),
    (("mobile", "--verify"), "is a space"),
])
def test_a_mistake_gets_one_sentence(arguments: tuple[str, ...], message: str) -> None:
    run = ran(main, *arguments)
    assert run.returncode == 2
    assert run.stdout == ""
    assert message in run.stderr
    assert run.stderr.startswith("error: ")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize(("text", "message"), [
    ("", "empty"),
    ("just words", "mapping"),
    ("name: n\ninput: [3, 8, 8]\nnet:\n  - cnov: {out: 8}\n", "did you mean 'conv'?"),
    ("name: n\ninput: [3, 8, 8]\nnet:\n  - conv: {out: 8, strid: 2}\n", "did you mean 'stride'?"),
    ("name: n\ninput: [3, 8, 8]\nnet:\n  - conv: {out: 8, groups: 2}\n", "must divide"),
    ("name: n\ninput: [3, 8, 8]\nnet:\n  - conv: !!python/name:os.system {out: 8}\n", "tag"),
])
def test_a_broken_file_gets_one_sentence_with_its_place(text: str, message: str, tmp_path: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text, encoding="utf-8")
    assert main([str(file)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert str(file) in printed.err
    assert printed.err.count("\n") == 1


def test_help_shows_examples() -> None:
    run = searchspace("--help")
    assert run.returncode == 0
    assert "python -m searchspace mobilenet-v2@1.4" in run.stdout
