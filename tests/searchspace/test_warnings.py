"""What a genotype says without effect, and what names of other frameworks are called here."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from searchspace import Genotype, GenotypeError, GenotypeWarning, load, to_yaml
from searchspace.__main__ import main
from searchspace.errors import _ELSEWHERE
from searchspace.expansion import trace
from searchspace.load import library
from searchspace.ops import OPS, schema

Read = Callable[..., Genotype]
IDLE = "blocks: {used: {body: [act: ]}, idle: {body: [other: ]}, other: {body: [gap: ]}}\nnet: [used: ]"


def test_a_block_that_is_never_used_is_a_warning(genotype_file: Callable[..., Path]) -> None:
    path = genotype_file(IDLE)
    with pytest.warns(GenotypeWarning, match=r"net\.yaml:\d+ \(blocks\.\w+\): block '\w+' is never used") as told:
        network = load(path)
    assert [str(w.message).split("'")[1] for w in told] == ["idle", "other"]
    assert [n.op.kind for n in trace(network).nodes] == ["act"]
    assert list(network.document.get("blocks")) == ["used"]
    path.write_text(to_yaml(network))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(path).document.get("net") == network.document.get("net")


@pytest.mark.parametrize(("text", "name"), [
    ("base: family.yaml\nblocks: {blokc: {body: [act: ]}}", "blokc"),
    ("use: mine.yaml\nblocks: {lost: {body: [act: ]}}\nnet: [unit: ]", "lost")])
def test_so_it_is_where_blocks_come_from_elsewhere(genotype: Read, text: str, name: str) -> None:
    others = {"family.yaml": "name: family\ninput: [3, 8, 8]\nblocks: {block: {body: [act: ]}}\nnet: [block: ]\n",
              "mine.yaml": "blocks:\n  unit: {body: [act: ]}\n  more: {body: [gap: ]}\n"}
    with pytest.warns(GenotypeWarning, match=f"block '{name}' is never used") as told:
        genotype(text, others)
    assert len(told) == 1


@pytest.mark.filterwarnings("always::searchspace.GenotypeWarning")
def test_the_commands_say_it_in_a_line(genotype_file: Callable[..., Path],
                                       capsys: pytest.CaptureFixture[str]) -> None:
    path = genotype_file(IDLE)
    assert main([str(path)]) == 0
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and all(line.startswith(f"warning: {path}:") for line in said)


@pytest.mark.parametrize(("step", "hint"), [
    ("conv: {out: 8, act: silu}", "swish"), ("act: {fn: SiLU}", "swish"), ("act: {fn: leaky_relu}", "leaky"),
    ("conv: {out: 8, act: Hardswish}", "hswish"), ("Conv2d: {out: 8}", "conv"), ("fc: {out: 8}", "linear"),
    ("conv: {out: 8, kernel_size: 3}", "k"), ("conv: {out: 8, padding: 1}", "pad"),
    ("conv: {out_channels: 8}", "out"), ("depthwise: {k: 3}", "dw"), ("batch_norm: ", "bn")])
def test_names_of_other_frameworks_lead_to_ours(genotype: Read, step: str, hint: str) -> None:
    with pytest.raises(GenotypeError, match=rf"did you mean '{hint}'\?"):
        genotype(f"- {step}")


def test_every_hint_is_a_name_of_the_notation() -> None:
    fields = {name: field for op in OPS.values() for name, field in schema(op).items()}
    choices = {str(c) for op in OPS.values() for field in schema(op).values() for c in field.choices or ()}
    known = {*OPS, *library().names, *fields, *choices, "residual", "split", "from", "as"}
    assert set(_ELSEWHERE.values()) <= known
