"""Exported files compute what the networks do, where this project is not importable."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from bundled import FAMILIES, cheapest, costs, expanded, network
from safetensors.torch import load_file, save_file

from searchspace import Genotype, build, load
from searchspace.__main__ import main
from searchspace.errors import SearchspaceError
from searchspace.expansion import trace
from searchspace.export.code import source
from searchspace.export.command import NAMES, default_name, find
from searchspace.export.images import Images
from searchspace.export.int8 import write_int8
from searchspace.export.job import ExportError, Job, compare, job
from searchspace.export.targets import TARGETS

HEAVY = 3_000_000_000       # MACs; of larger networks the shapes alone are compared
SMALL = 64                  # pixels every day
EVERY_DAY = ("mobilenet-v2@0.35", "resnet@18", "henet@repeat2-cifar10", "shufflenet-v2@0.5",
             "squeezenet@1.1", "dla@46-c")
RUN = """
import sys, torch
for name in ("searchspace", "search", "viz"):
    sys.modules[name] = None                    # not importable
torch.set_num_threads(1)
for name, text, cls, shapes, state, x, y in torch.load(sys.argv[1]):
    scope = {}
    exec(compile(text, name, "exec"), scope)
    with torch.device("meta" if y is None else "cpu"):
        network = scope[cls]().eval()
    assert {k: tuple(v.shape) for k, v in network.state_dict().items()} == shapes, name
    if y is not None:
        network.load_state_dict(state, strict=True)
        with torch.no_grad():
            most = (network(x) - y).abs().max() / y.abs().max()
        assert most <= 1e-5, f"{name}: {most}"
"""


def case(genotype: Genotype) -> tuple[Any, ...]:
    """A network's code with its weights and outputs; of a large one with the shapes alone."""
    expansion = trace(genotype)
    if expansion.cost().macs > HEAVY:
        with torch.device("meta"):
            made = Job(genotype, expansion, build(genotype).eval())
        state, x, y = None, None, None
    else:
        made = job(genotype)
        state, x = made.network.state_dict(), made.example()
        y = made.outputs(x)
    shapes = {k: tuple(v.shape) for k, v in made.network.state_dict().items()}
    return genotype.title, *source(made), shapes, state, x, y


def run_alone(genotypes: Iterable[Genotype], folder: Path) -> list[str]:
    """Run exported code in a process in which this project cannot be imported; the texts."""
    cases = [case(genotype) for genotype in genotypes]
    torch.save(cases, folder / "cases.pt")
    done = subprocess.run([sys.executable, "-c", RUN, folder / "cases.pt"], text=True,
                          capture_output=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    return [text for _, text, *_ in cases]


def ruff(texts: Iterable[str], folder: Path) -> None:
    """Code is as a formatter and a linter would have it; only the genotype's lines may be long."""
    for i, text in enumerate(texts):
        (folder / f"net{i}.py").write_text(text, encoding="utf-8")
        assert all(len(line) <= 100 or line.startswith("#") for line in text.splitlines())
    if importlib.util.find_spec("ruff") is None:
        return                      # it is of the extra dev, which CI has
    for command in (["format", "--check"], ["check", "--select", "E,F,I,B,SIM", "--ignore", "E501,B905"]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache",
                               "--line-length", "100", *folder.glob("net*.py")], text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def few(name: str) -> Genotype:
    """A network, with few pixels if its images are large."""
    genotype = network(name)
    if expanded(name).input[1] <= 2 * SMALL or "sinet" in name:
        return genotype
    try:
        trace(smaller := genotype.with_input(SMALL))
    except SearchspaceError:            # nothing would be left of so few pixels
        return genotype
    return smaller


def test_code_runs_where_only_torch_is(tmp_path: Path) -> None:
    ruff(run_alone(map(few, EVERY_DAY), tmp_path), tmp_path)


PARTS = 8       # of the families: a process for each of them would import torch as often


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_code_of_every_family(part: int, tmp_path: Path) -> None:
    ruff(run_alone(map(few, cheapest()[part::PARTS]), tmp_path), tmp_path)


@pytest.mark.campaign
@pytest.mark.parametrize("names", FAMILIES.values(), ids=FAMILIES)
def test_code_of_every_variant(names: tuple[str, ...], tmp_path: Path) -> None:
    texts = [text for name in names for text in run_alone([network(name)], tmp_path)]
    ruff(texts, tmp_path)


def code(genotype: Genotype) -> str:
    return source(job(genotype))[0].partition("\nfrom torch import nn")[2]


def test_code_is_written_as_a_person_would(genotype: Callable[..., Genotype]) -> None:
    """A class a block, its arguments what differs, a line a stage, conditions where lines are
    left out."""
    assert code(genotype("""
blocks:
  unit:
    args: {out: , stride: 1, t: 2}
    body:
      - conv: {out: =t*cin, k: 1, when: =t > 1, as: expand}
      - conv: {out: =out, stride: =stride, act: none, as: project}
      - residual: {from: x}
net:
  - unit: {out: 16, t: 1, as: stage1}
  - unit: {out: 24, repeat: 3, first: {stride: 2}, as: stage2}
  - gap:
  - linear: {out: 10, as: classifier}
""")).split("class Unit")[1] == """(nn.Module):
    def __init__(self, cin, mid, out, stride=1):
        super().__init__()
        self.expand = ConvBNAct(cin, mid, k=1, act=nn.ReLU) if cin != mid else nn.Identity()
        self.project = ConvBNAct(mid, out, stride=stride)
        self.residual = stride == 1 and cin == out

    def forward(self, x):
        y = self.expand(x)
        y = self.project(y)
        if self.residual:
            y = y + x
        return y


class Net(nn.Module):
    \"\"\"net: 8×16×16, 32,298 parameters, 2,343,152 MACs.\"\"\"

    def __init__(self, classes=10):
        super().__init__()
        self.stage1 = Unit(8, 8, 16)
        self.stage2 = nn.Sequential(
            Unit(16, 32, 24, stride=2), *(Unit(24, 48, 24) for _ in range(2))
        )
        self.gap = nn.AdaptiveAvgPool2d(1)
        self.classifier = Linear(24, classes)

    def forward(self, x):
        x = self.stage1(x)
        x = self.stage2(x)
        x = self.gap(x)
        return self.classifier(x.flatten(1))
"""


def test_several_tensors_travel_through_a_loop() -> None:
    assert """\
        stage1, x = x, x
        for block in self.stage1:
            stage1, x = block(stage1, x)
""" in code(network("henet@repeat3-cifar10"))


STRUCTURES = {
    "wire": "- wire: {edges: [[0, 1], [0, 2], [1, 2]], node: {dw: }}\n- wsum: {of: [{dw: }, _]}",
    "names": "- conv: {out: 8, as: train}\n- conv: {out: 8, as: type}\n- conv: {out: 8, as: type_}",
    "parts": "- split: {as: [a, b], sizes: [3, 5]}\n- conv: {from: b, out: 3}\n- add: {from: [a, _]}",
    "several": "- conv: {out: 8, as: a}\n- conv: {out: 8, as: b}\n- concat: {from: [a, b, a]}\n- index: {out: 5}",
    "values": "- gap: \n- linear: {out: 6, as: a}\n- conv: {out: 6, k: 1, as: b}\n- mul: {from: [a, b]}",
    "numbers": "- conv: {out: 4, k: [1, 3], pad: [0, 2], dilation: 2, groups: 2, bias: true, act: leaky, eps: 0.01}\n"
               "- pool: {ceil: true, stride: 2}\n- resize: {height: 5, width: 6, fn: bilinear}\n- lrn: ",
    "norms": "- ln: \n- ln: {over: all}\n- grn: \n- scale: {init: 0.5, bias: true}\n- scale: {shared: true}\n- bn: {eps: 0.1}",
    "same": "- conv: {out: 4, stride: 2, pad: same}\n- dw: {k: 5, pad: same}\n- conv: {out: 4, stride: 2, pad: same, k: 2}",
    "rest": "- shift: {k: 3}\n- zero: \n- cpool: {fn: max}\n- softmax: {groups: 1}\n- pad: {top: 1}\n- dropout: \n- act: {fn: none}",
    "nothing": "- identity: ",
    "wrap": "- conv: {out: 8, as: a}\n- attend: \n- mul: {from: [a, _]}\n- beside: {from: [_, a]}\n- mean: {of: [_, _]}",
}


@pytest.mark.parametrize("text", STRUCTURES.values(), ids=STRUCTURES)
def test_code_of_any_structure(genotype: Callable[..., Genotype], text: str) -> None:
    made = job(genotype(text))
    written, name = source(made)
    scope: dict[str, Any] = {}
    exec(written, scope)
    theirs = scope[name]().eval()
    theirs.load_state_dict(made.network.state_dict(), strict=True)
    x = made.example()
    with torch.no_grad():
        assert torch.allclose(theirs(x), made.outputs(x), atol=1e-6, rtol=1e-5)


def test_text_of_strangers_stays_in_comments(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text('name: net\nsource: "a\\nimport os\\n\\"\\"\\" \\u2028x"\ninput: [3, 8, 8]\nnet: [conv: {out: 4}]\n',
                    encoding="utf-8")
    text, _ = source(job(load(path)))
    head = text.partition("\nfrom torch import nn\n")[0]
    assert "import os" in head
    assert all(line.startswith("#") or not line for line in head.splitlines())


def test_a_file_that_differs_is_refused() -> None:
    y = torch.ones(2, 3)
    assert "differences up to 0" in compare(y, y.clone(), 1e-5, "it")
    with pytest.raises(ExportError, match="does not compute"):
        compare(y, y + 1e-4, 1e-5, "it")
    with pytest.raises(ExportError, match="does not compute"):
        compare(y, y * float("nan"), 1e-5, "it")
    with pytest.raises(ExportError, match="gives"):
        compare(y, y[:1], 1e-5, "it")


# --- other targets ------------------------------------------------------------------------------


def test_onnx_runs_for_any_batch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnxruntime")
    out = tmp_path / "net.onnx"
    assert main(["export", "henet@repeat2-cifar10", "--to", "onnx", "-o", str(out)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "on 3 random images the outputs of onnxruntime equal" in said
    import onnx

    assert onnx.load(out).graph.input[0].type.tensor_type.shape.dim[0].dim_param


# Those of the papers that this project began with, too.
ONNX = dict.fromkeys([*cheapest(), *(name for family in ("sinet", "henet", "hcgnet")
                                     for name in FAMILIES[family])])


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.campaign if i % 10 else pytest.mark.slow)
    for i, name in enumerate(ONNX)])
def test_onnx_of_every_family(name: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    genotype = few(name) if costs()[name].macs > HEAVY else network(name)
    assert find("onnx").write(job(genotype), tmp_path / "net.onnx")


@pytest.mark.slow
def test_eight_bits_are_calibrated_on_data(tmp_path: Path) -> None:
    """A network that tells bright images from dark ones; accuracies are those of the files."""
    pytest.importorskip("onnxruntime")
    text = "name: net\ninput: [1, 8, 8]\nnet: [conv: {out: 4}, gap: , linear: {out: 2, as: classifier}]\n"
    (tmp_path / "net.yaml").write_text(text, encoding="utf-8")
    made = job(load(tmp_path / "net.yaml"))
    bright = torch.tensor([0, 1]).repeat(64)
    x = torch.rand(128, 1, 8, 8) + 4 * bright[:, None, None, None]
    with torch.no_grad():
        y = made.network(x).argmax(1)           # its own answers are right
    lines = write_int8(Job(made.genotype, made.expansion, made.network, Images("lamps", x, x, y)),
                       tmp_path / "net.onnx")
    said = " ".join(lines)
    assert "calibrated on 128 training images of lamps" in said
    assert "100.00 % in float32" in said
    after = float(said.partition("float32, ")[2].partition(" %")[0])
    assert after > 90
    import onnx

    kinds = {node.op_type for node in onnx.load(tmp_path / "net.onnx").graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds


@pytest.mark.slow
def test_norms_in_eight_bits(genotype: Callable[..., Genotype], tmp_path: Path) -> None:
    """onnxruntime's inference of symbolic shapes stops at the norm of `grn`."""
    pytest.importorskip("onnxruntime")
    net = genotype("net: [conv: {out: 8}, grn: , ln: , gap: , linear: {out: 10}]\n")
    assert "Checked" in find("int8").write(job(net), tmp_path / "net.onnx")[1]


def test_what_a_package_raises_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fails(*_: object, **__: object) -> None:
        raise TypeError("object of type 'NoneType' has no len()\nin line 3")

    monkeypatch.setattr("searchspace.export.exported_program.torch.export.export", fails)
    made = job(network("henet@repeat2-cifar10"))
    with pytest.raises(ExportError, match=r"henet@repeat2-cifar10 cannot be written as torch: TypeError: "
                                          r"object of type 'NoneType' has no len\(\)$"):
        find("torch").write(made, tmp_path / "net.pt2")


def test_images_come_from_the_package_above() -> None:
    from search.training.calibration import images

    name, training, test, labels = images("digits", (1, 32, 32))
    assert (name, training.shape, test.shape) == ("digits", (512, 1, 32, 32), (900, 1, 32, 32))
    assert labels.shape == (900,) and abs(float(training.mean())) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["henet@repeat2-cifar10", "mobilenet-v2"])
def test_executorch(name: str, tmp_path: Path) -> None:
    pytest.importorskip("executorch.runtime")
    said = find("executorch").write(job(load(name)), tmp_path / "net.pte")
    assert "the outputs of ExecuTorch equal" in said[1]


def test_branches_are_exported_as_they_run(tmp_path: Path) -> None:
    """Trained branches in, one convolution for them out, and its weights beside the code."""
    branched, image = job(load("repghost@0.5").with_input(32)).network, torch.randn(2, 3, 32, 32)
    save_file(branched.state_dict(), tmp_path / "trained.safetensors")
    path = tmp_path / "net.py"
    assert main(["export", "repghost@0.5", "--to", "code", "--deploy", "--input", "32", "--weights",
                 str(tmp_path / "trained.safetensors"), "-o", str(path)]) == 0
    scope: dict[str, Any] = {"__name__": "net"}
    exec(path.read_text(encoding="utf-8"), scope)
    plain = scope["Repghost"]().eval()
    plain.load_state_dict(load_file(path.with_suffix(".safetensors")))
    with torch.no_grad():
        expected = branched(image)
        assert (plain(image) - expected).abs().max() < 1e-4 * expected.abs().max()
    assert len(list(plain.modules())) < len(list(branched.modules()))


def test_a_network_without_branches_has_no_other_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "resnet@18", "--to", "code", "--deploy"]) == 2
    assert "resnet has no argument 'deploy'" in capsys.readouterr().err


def test_exported_program(tmp_path: Path) -> None:
    lines = find("torch").write(job(network("henet@repeat2-cifar10")), tmp_path / "net.pt2")
    assert "the loaded program" in lines[1]


class TimmStandIn:
    """What the file needs of timm."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from types import ModuleType

        self.entries: dict[str, Callable[..., Any]] = {}
        timm, models = ModuleType("timm"), ModuleType("timm.models")
        models.register_model = self.register  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "timm", timm)
        monkeypatch.setitem(sys.modules, "timm.models", models)

    def register(self, entry: Callable[..., Any]) -> Callable[..., Any]:
        self.entries[entry.__name__] = entry
        return entry


def test_timm_of_a_network_that_comes_back(genotype: Callable[..., Genotype], tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    """Its maps come in another order than their resolutions."""
    made, path = job(genotype("net: [conv: {out: 8, as: a}, conv: {out: 16, stride: 2, as: b}, "
                              "resize: {height: 16, width: 16}, conv: {out: 4, as: c}, gap: , "
                              "linear: {out: 10}]\n")), tmp_path / "net.py"
    find("timm").write(made, path)
    timm = TimmStandIn(monkeypatch)
    exec(path.read_text(encoding="utf-8"), {"__name__": "net"})
    (entry,) = timm.entries.values()
    maps = entry(features_only=True).eval()
    assert [tuple(m.shape[1:]) for m in maps(made.example())] == [(4, 16, 16), (16, 8, 8)]
    assert (maps.feature_info.channels(), maps.feature_info.reduction()) == ([4, 16], [1, 2])


@pytest.mark.parametrize("name", ["mobilenet-v2@0.35", "squeezenet@1.1", *(
    pytest.param(name, marks=pytest.mark.slow) for name in ("densenet@121", "sinet@1.0"))])
def test_timm(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, path = job(few(name)), tmp_path / "net.py"
    find("timm").write(made, path)
    timm = TimmStandIn(monkeypatch)
    exec(path.read_text(encoding="utf-8"), {"__name__": "net"})
    (entry,) = timm.entries.values()
    model = entry(num_classes=7).eval()
    x = made.example()
    with torch.no_grad():
        assert model(x).shape == (2, 7)
        assert torch.equal(model.forward_head(model.forward_features(x)), model(x))
        assert model.forward_head(model.forward_features(x), pre_logits=True).shape[1] == model.num_features
        model.reset_classifier(3)
        assert model(x).shape == (2, 3) and next(reversed(model.get_classifier().state_dict().values())).shape == (3,)
        maps = entry(features_only=True, out_indices=(1, -1)).eval()
        shapes = [tuple(m.shape[1:]) for m in maps(x)]
    assert [c for c, _, _ in shapes] == maps.feature_info.channels()
    edge = made.expansion.input[1]
    assert all(abs(edge / h / r - 1) < 0.5 for (_, h, _), r in zip(shapes, maps.feature_info.reduction(), strict=True))
    with pytest.raises(ValueError, match="no weights to download"):
        entry(pretrained=True)


# --- the command --------------------------------------------------------------------------------


def test_weights_travel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained = build(load("henet", classes=7))
    weights, out = tmp_path / "weights.safetensors", tmp_path / "net.py"
    save_file(trained.state_dict(), weights)
    asked = ["export", "henet", "--classes", "7", "--to", "code", "-o", str(out)]
    assert main([*asked, "--weights", str(weights)]) == 0
    assert "class Henet" in capsys.readouterr().out
    assert main([*asked[:3], "8", *asked[4:], "--weights", str(weights)]) == 2
    assert "classifier.linear" in capsys.readouterr().err
    weights.write_bytes(b"nonsense")
    assert main([*asked, "--weights", str(weights)]) == 2
    assert "no safetensors file" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "said"), [
    (["mixed", "--to", "code"], "is a space"),
    (["henet", "--to", "code", "--data", "digits"], "no effect"),
    (["henet", "--to", "code", "-o", "no/such/folder/net.py"], "no/such/folder"),
    (["henet", "--to", "code", "--weights", "missing"], "missing"),
])
def test_mistakes_get_a_sentence(arguments: list[str], said: str, tmp_path: Path,
                                 monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_image_size_may_be_no_square() -> None:
    assert trace(load("mobilenet-v2").with_input((64, 96))).input == (3, 64, 96)


def test_outputs_may_differ_by_what_the_network_itself_rounds() -> None:
    made = job(network("henet@repeat2-cifar10"))
    x = made.example()
    y, own = made.outputs(x), made.rounding(x)
    assert 0 < own < 1e-4 * float(y.abs().max())
    assert made.outputs(x).dtype == torch.float32           # the network itself stays as it is
    away = y + 1e-3 * y.abs().max()
    with pytest.raises(ExportError, match="does not compute what the network does"):
        compare(y, away, 1e-4, "it", own)
    assert "within 0.0012" in compare(y, away, 1e-4, "it", 1.5e-4 * float(y.abs().max()))


def test_all_targets_are_known() -> None:
    assert {find(name) for name in NAMES} == set(TARGETS.values()) and set(NAMES) == set(TARGETS)
    assert default_name(load("sinet@1.6"), ".py") == "sinet_1_6.py"
    names = [default_name(load("sinet@1.6"), find(name).suffix) for name in NAMES]
    assert len(set(names)) == len(names)            # none is written over another
    assert {name.partition(".")[0] for name in names if name.endswith(".py")} == \
        {"sinet_1_6", "sinet_1_6_timm"}


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in ("executorch", "onnxruntime", "onnx"):
        monkeypatch.setitem(sys.modules, module, None)
    made = job(load("henet@repeat2-cifar10"))
    for name in ("executorch", "onnx", "int8"):
        with pytest.raises(ExportError, match="needs the package"):
            find(name).write(made, tmp_path / "net")
    assert list(tmp_path.iterdir()) == []


