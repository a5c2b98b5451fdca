"""Every operation, by its own examples: shapes and costs are those of torch and fvcore."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from searchspace import GenotypeError, ShapeError, build, load
from searchspace.building.layers import make_layer
from searchspace.building.verify import fvcore_macs, torch_macs
from searchspace.expansion import trace
from searchspace.ops import OPS, Cost, Field, Op, schema
from searchspace.ops.conv import Linear
from searchspace.ops.ranges import ANY

CASES = [pytest.param(kind, params, shapes, id=f"{kind}-{i}")
         for kind, cls in OPS.items() for i, (params, shapes) in enumerate(cls.examples)]
each_example = pytest.mark.parametrize(("kind", "params", "shapes"), CASES)
each_op = pytest.mark.parametrize("kind", OPS)


class One(nn.Module):
    """A single operation as a network, as the builder would call it."""

    def __init__(self, op: Op, shapes: tuple[Any, ...]) -> None:
        super().__init__()
        self.flatten = isinstance(op, Linear)
        self.layer = op.module(*shapes)

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.layer(*(torch.flatten(x, 1) if self.flatten else x for x in inputs))


def tensors(shapes: tuple[Any, ...], n: int = 2) -> tuple[Tensor, ...]:
    torch.manual_seed(0)
    return tuple(torch.randn(n, *shape) for shape in shapes)


def as_step(kind: str, params: dict[str, Any], shapes: tuple[Any, ...]) -> str:
    """A genotype of one operation, fed with as many copies of the network's input as it takes."""
    given = {**params, **({"from": ["x"] * len(shapes)} if len(shapes) > 1 else {})}
    c, h, w = shapes[0]
    return (f"name: one\ninput: [{c}, {h}, {w}]\nnet:\n  - act: {{fn: none, as: x}}\n"
            f"  - {kind}: {json.dumps(given)}\n")


@each_op
def test_an_operation_shows_examples(kind: str) -> None:
    assert OPS[kind].examples
    assert OPS[kind].__doc__


@each_example
def test_shape_is_torchs(kind: str, params: dict[str, Any], shapes: tuple[Any, ...]) -> None:
    op = OPS[kind](**params)
    output = One(op, shapes).eval()(*tensors(shapes))
    c, h, w = op.shape(*shapes)
    assert tuple(output.shape) in ((2, c, h, w), (2, c) if (h, w) == (1, 1) else ())


@each_example
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_layer_like_an_earlier_one_is_as_its_constructor_gives_it(
        kind: str, params: dict[str, Any], shapes: tuple[Any, ...], dtype: torch.dtype) -> None:
    """The second and third of equal layers are copies: with the weights that the same state of the
    generator gives, and nothing shared."""
    op, before = OPS[kind](**params), torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        made = []
        for _ in range(3):
            torch.manual_seed(1)
            made.append(make_layer(op, shapes))
        torch.manual_seed(1)
        wanted = op.module(*shapes)
        with torch.device("meta"):
            bare = make_layer(op, shapes)
    finally:
        torch.set_default_dtype(before)
    if not isinstance(wanted, nn.Module):
        assert not any(isinstance(layer, nn.Module) for layer in (*made, bare))
        return
    for layer in made:
        assert repr(layer) == repr(wanted) and type(layer) is type(wanted)
        assert {name: vars(m).keys() for name, m in layer.named_modules()} == \
            {name: vars(m).keys() for name, m in wanted.named_modules()}
        assert list(layer.state_dict()) == list(wanted.state_dict())
        for name, tensor in wanted.state_dict().items():
            assert torch.equal(layer.state_dict()[name], tensor)
            assert layer.state_dict()[name].dtype == tensor.dtype
        assert all(p.requires_grad for p in layer.parameters())
    assert all(t.is_meta for t in bare.state_dict().values())
    held = [{id(value) for m in layer.modules() for value in
             (*vars(m).values(), *m._parameters.values(), *m._buffers.values())
             if isinstance(value, dict | list | set | Tensor)} for layer in made]
    assert not (held[0] & held[1] or held[1] & held[2] or held[0] & held[2])


@each_example
def test_cost_is_torchs_and_fvcores(kind: str, params: dict[str, Any],
                                    shapes: tuple[Any, ...]) -> None:
    op = OPS[kind](**params)
    network, inputs = One(op, shapes).eval(), tensors(shapes, n=1)
    assert op.cost(*shapes).params == sum(p.numel() for p in network.parameters())
    assert op.cost(*shapes).macs == fvcore_macs(network, *inputs)
    assert op.cost(*shapes).macs == torch_macs(network, *inputs)


@each_example
def test_every_parameter_learns(kind: str, params: dict[str, Any],
                                shapes: tuple[Any, ...]) -> None:
    network = One(OPS[kind](**params), shapes).train()
    inputs = tuple(x.requires_grad_() for x in tensors(shapes))
    network(*inputs).square().sum().backward()
    assert all(p.grad is not None for p in network.parameters())
    assert all(x.grad is not None and x.grad.isfinite().all() for x in inputs)


@each_example
def test_gradients_are_those_of_differences(kind: str, params: dict[str, Any],
                                            shapes: tuple[Any, ...]) -> None:
    network = One(OPS[kind](**params), shapes).double().eval()
    inputs = tuple(x.double().requires_grad_() for x in tensors(shapes))
    assert torch.autograd.gradcheck(network, inputs, fast_mode=True)
    weights = tuple(network.parameters())

    def by_weights(*values: Tensor) -> Tensor:
        given = dict(zip(dict(network.named_parameters()), values, strict=True))
        return torch.func.functional_call(network, given, tuple(x.detach() for x in inputs))

    assert not weights or torch.autograd.gradcheck(by_weights, weights, fast_mode=True)


@each_example
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_blank_image_has_finite_gradients(kind: str, params: dict[str, Any],
                                            shapes: tuple[Any, ...], level: float) -> None:
    network = One(OPS[kind](**params), shapes).train()
    inputs = tuple(torch.full_like(x, level).requires_grad_() for x in tensors(shapes))
    output = network(*inputs)
    output.sum().backward()
    assert output.isfinite().all()
    for x in (*inputs, *network.parameters()):
        assert x.grad is not None and x.grad.isfinite().all()


@each_example
def test_images_of_a_batch_do_not_mix(kind: str, params: dict[str, Any],
                                      shapes: tuple[Any, ...]) -> None:
    network, inputs = One(OPS[kind](**params), shapes).eval(), tensors(shapes)
    alone = torch.cat([network(*(x[i:i + 1] for x in inputs)) for i in (0, 1)])
    torch.testing.assert_close(network(*inputs), alone)


@each_example
def test_label_is_short_and_not_empty(kind: str, params: dict[str, Any],
                                      shapes: tuple[Any, ...]) -> None:
    assert 0 < len(OPS[kind](**params).label().strip()) <= 40


@pytest.mark.parametrize(("kind", "params", "shapes"), [
    case for case in CASES if OPS[case.values[0]].takes_flat and case.values[0] != "linear"])
def test_flat_inputs_give_the_same_numbers(kind: str, params: dict[str, Any],
                                           shapes: tuple[Any, ...]) -> None:
    op = OPS[kind](**params)
    points = tuple((c, 1, 1) for c, _, _ in shapes)
    network, inputs = One(op, points).eval(), tensors(points)
    flat = network(*(torch.flatten(x, 1) for x in inputs))
    torch.testing.assert_close(flat, torch.flatten(network(*inputs), 1))


@each_example
def test_order_of_inputs_is_of_no_account_where_it_is_said(kind: str, params: dict[str, Any],
                                                           shapes: tuple[Any, ...]) -> None:
    op = OPS[kind](**params)
    inputs = tensors(shapes)
    torch.manual_seed(1)
    output = One(op, shapes).eval()(*inputs)
    torch.manual_seed(1)
    backwards = One(op, shapes[::-1]).eval()(*inputs[::-1])
    same = output.shape == backwards.shape and torch.allclose(output, backwards, atol=1e-6)
    assert same or not op.commutes


@each_example
def test_a_genotype_of_one_operation_builds(kind: str, params: dict[str, Any],
                                            shapes: tuple[Any, ...], tmp_path: Path) -> None:
    same = shapes[:1] * len(shapes)
    file = tmp_path / "one.yaml"
    file.write_text(as_step(kind, params, same), encoding="utf-8")
    genotype = load(file)
    *_, node = trace(genotype).nodes
    op = OPS[kind](**params)
    assert node.op == op
    assert (node.shape, node.cost) == (op.shape(*same), op.cost(*same))
    output = build(genotype).eval()(*tensors(same[:1]))
    c, h, w = node.shape
    assert tuple(output.shape) == ((2, c) if (h, w) == (1, 1) else (2, c, h, w))


@each_op
def test_an_unknown_parameter_is_refused(kind: str, tmp_path: Path) -> None:
    params, shapes = OPS[kind].examples[0]
    file = tmp_path / "one.yaml"
    file.write_text(as_step(kind, {**params, "bogus": 1}, shapes), encoding="utf-8")
    with pytest.raises(GenotypeError, match=f"{kind} has no parameter 'bogus'"):
        load(file)


@pytest.mark.parametrize(("kind", "name"), [(kind, f.name) for kind, cls in OPS.items()
                                            for f in schema(cls).values() if f.required])
def test_a_missing_parameter_is_named(kind: str, name: str, tmp_path: Path) -> None:
    params, shapes = OPS[kind].examples[0]
    file = tmp_path / "one.yaml"
    file.write_text(as_step(kind, {k: v for k, v in params.items() if k != name}, shapes),
                    encoding="utf-8")
    with pytest.raises(GenotypeError, match=f"{kind} needs .*{name}"):
        load(file)


@pytest.mark.parametrize(("kind", "params", "shapes", "message"), [
    ("conv", {"out": 8, "groups": 3}, ((4, 9, 9),), r"groups \(3\) must divide"),
    ("conv", {"out": 8, "k": 5, "pad": 0}, ((4, 3, 3),), "leaves nothing of 4×3×3"),
    ("conv", {"out": 8, "k": 99_999, "dilation": 99_999}, ((4, 3, 3),), "a margin of more than 100,000"),
    ("pool", {"k": 2, "pad": 2}, ((4, 4, 4),), "at most k/2"),
    ("pool", {"k": 5, "pad": 0}, ((4, 4, 4),), "leaves nothing of 4×4×4"),
    ("pad", {"top": -5}, ((4, 4, 4),), "nothing is left of 4×4×4"),
    ("slice", {"start": 3, "length": 2}, ((4, 4, 4),), "channels 3 to 5 of 4"),
    ("shuffle", {"groups": 3}, ((4, 4, 4),), r"groups \(3\) must divide the channels \(4\)"),
    ("softmax", {"groups": 3}, ((4, 1, 1),), r"groups \(3\) must divide the channels \(4\)"),
    ("add", {}, ((4, 4, 4), (5, 4, 4)), "differ in channels: 4×4×4, 5×4×4"),
    ("add", {}, ((4, 4, 4), (4, 5, 5)), "differ in size: 4×4×4, 4×5×5"),
    ("mul", {}, ((4, 4, 4), (5, 1, 1)), "differ in channels"),
    ("concat", {}, ((4, 4, 4), (4, 1, 1)), "differ in size"),
])
def test_inputs_that_do_not_fit_are_refused(kind: str, params: dict[str, Any],
                                            shapes: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        OPS[kind](**params).shape(*shapes)


NUMBERS = [(kind, f) for kind, cls in OPS.items() for f in schema(cls).values()
           if int in f.types or float in f.types]


@pytest.mark.parametrize(("kind", "field"), NUMBERS, ids=[f"{k}-{f.name}" for k, f in NUMBERS])
def test_every_number_has_a_range(kind: str, field: Field) -> None:
    least, most, odd = field.within.least, field.within.most, field.within.odd
    assert field.within is not ANY                  # an operation of the project says which
    for end in (least, most):
        assert field.coerce(end) == end
    outside = [least - 1, most + 1, -10**18, 10**18, *([least + 1] if odd else [])]
    for number in outside:
        with pytest.raises(GenotypeError, match=f"{field.name}: .* expected, not"):
            field.coerce(number)
        if field.pair:
            with pytest.raises(GenotypeError, match=f"{field.name}: .* expected, not"):
                field.coerce((least, number))
    assert field.default is None or field.default == "same" or field.coerce(field.default) is not None


@pytest.mark.parametrize("step", [
    "dropout: {p: 1.5}", "bn: {eps: -1}", "conv: {out: 8, pad: 1e15}", "shift: {k: 999999999999}",
    "pool: {stride: 1e15}", "conv: {out: =0 - cin}", "dw: {k: !choice [3, 0]}", "lrn: {n: 4}",
    "conv: {out: 8, k: [3, 0]}", "scale: {init: 1e15}", "wire: {edges: [[0, 1]], node: {dw: {k: 0}}}"])
def test_a_number_out_of_range_is_refused_in_a_file(genotype: Any, step: str) -> None:
    with pytest.raises(GenotypeError, match=r"net\.yaml:\d+ \(net\[0\].*: \w+: .*from .* to .* expected"):
        trace(genotype(f"- {step}"), lambda _, hole: hole.labels[-1])


def test_what_is_shifted_out_of_the_image_is_gone() -> None:
    (x,) = tensors(((9, 3, 5),))
    near, far = (One(OPS["shift"](dilation=d), ((9, 3, 5),)) for d in (5, 99_999))
    torch.testing.assert_close(near(x), far(x))
    assert far(x)[:, 4].equal(x[:, 4]) and not far(x)[:, [0, 1, 2, 3, 5, 6, 7, 8]].any()


@pytest.mark.parametrize("kind", ["add", "mul"])
def test_single_values_spread_over_all_positions(kind: str) -> None:
    image, gate = tensors(((4, 5, 6), (4, 1, 1)))
    op = OPS[kind]()
    assert op.shape((4, 5, 6), (4, 1, 1)) == (4, 5, 6) == op.shape((4, 1, 1), (4, 5, 6))
    expected = image + gate.expand_as(image) if kind == "add" else image * gate.expand_as(image)
    torch.testing.assert_close(One(op, ((4, 5, 6), (4, 1, 1)))(image, gate), expected)


def test_the_norm_by_neighbours_is_torchs_and_works_in_half_precision() -> None:
    (x,) = tensors(((9, 5, 4),))
    for n in (1, 3, 5, 99):
        layer = OPS["lrn"](n=n, alpha=0.3, k=1.5).module((9, 5, 4))
        torch.testing.assert_close(layer(x), nn.LocalResponseNorm(n, 0.3 * n, 0.75, 1.5)(x))
        for kind in (torch.bfloat16, torch.float16):
            torch.testing.assert_close(layer(x.to(kind)).float(), layer(x), rtol=0.05, atol=0.05)


def test_mean_divides_by_the_number_of_its_inputs() -> None:
    inputs = tensors(((4, 5, 5),) * 3)
    torch.testing.assert_close(One(OPS["mean"](), ((4, 5, 5),) * 3)(*inputs),
                               torch.stack(inputs).mean(0))


def test_attention_pooling_weighs_positions_by_softmax() -> None:
    (x,) = tensors(((8, 5, 4),))
    network = One(OPS["attend"](), ((8, 5, 4),))
    logits = network.layer.logits
    weights = torch.einsum("nchw,c->nhw", x, logits.weight[0, :, 0, 0]) + logits.bias
    weights = weights.flatten(1).softmax(1).view(2, 1, 5, 4)
    torch.testing.assert_close(network(x), (x * weights).sum((2, 3), keepdim=True))


def test_shuffle_deals_the_channels_of_a_group_out_to_all() -> None:
    x = torch.arange(6.0).view(1, 6, 1, 1)
    shuffled = One(OPS["shuffle"](groups=2), ((6, 1, 1),))(x)
    assert shuffled.flatten().tolist() == [0, 3, 1, 4, 2, 5]


def test_softmax_lets_branches_compete() -> None:
    (x,) = tensors(((8, 1, 1),))
    y = One(OPS["softmax"](groups=2), ((8, 1, 1),))(x)
    torch.testing.assert_close(y[:, :4] + y[:, 4:], torch.ones(2, 4, 1, 1))
    torch.testing.assert_close(y[:, :4], torch.sigmoid(x[:, :4] - x[:, 4:]))


def test_padding_counts_in_an_average_only_where_asked() -> None:
    x = torch.ones(1, 1, 3, 3)
    corner = [One(OPS["pool"](fn="avg", count_pad=c), ((1, 3, 3),))(x)[0, 0, 0, 0].item()
              for c in (False, True)]
    assert corner == pytest.approx([1.0, 4 / 9])


def test_costs_add() -> None:
    assert Cost(1, 2) + Cost(10, 20) == Cost(11, 22)
