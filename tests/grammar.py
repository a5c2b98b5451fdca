"""Valid genotypes and spaces, generated: every operation with any of its parameters, and steps with
all that the notation knows."""

import json
from typing import Any

from hypothesis import strategies as st

from searchspace import ShapeError
from searchspace.expansion.graph import infer
from searchspace.ops import OPS, Field, schema
from searchspace.shapes import Shape

BLOCKS = """
blocks:
  unit:
    args: {out: =cin, k: 3, inner: {dw: }}
    body: [=inner: {k: =k}, conv: {out: =out, k: 1, act: none}, residual: {from: x}]
  chain:
    in: {x: , sum: x}
    args: {k: !choice [1, 3]}
    body: [dw: {k: =k, as: y}, add: {from: [sum, y], as: s}]
    out: {x: y, sum: s}
"""

# Steps that fit on any tensor of 4·n channels and 2^m rows and give such a one. `$a` to `$d` become
# names of their own; KERNEL, OUT, STRIDE, TIMES and TEST become values, formulas or holes.
STEPS = """
- conv: {out: OUT, k: KERNEL, stride: STRIDE, as: $a}
- conv: {out: OUT, repeat: TIMES, first: {stride: STRIDE}, as: $a}
- conv: {repeat: 2, k: KERNEL, each: {out: [OUT, OUT]}, as: $a}
- dw: {k: !choice [3, 5], repeat: TIMES, each: true, as: $a}
- dw: {repeat: !int [0, 3], each: {k: [3, KERNEL, 5]}, as: $a}
- dw: {k: !choice {a: 3, b: !choice [1, 5]}, repeat: 3, each: true, first: {stride: 2}, as: $a}
- conv: {out: OUT, when: TEST, as: $a}
- unit: {out: OUT, k: KERNEL, as: $a}
- unit: {repeat: TIMES, k: KERNEL, as: $a}
- unit: {inner: !choice {wide: {dw: {stride: STRIDE}}, still: {conv: {out: OUT}}}, as: $a}
- unit: {inner: {dw: {dilation: !choice [1, 2]}}, repeat: TIMES, each: true, as: $a}
- chain: {repeat: TIMES, as: $a}
- chain:

- act: {as: $a}
- conv: {out: OUT, stride: STRIDE, as: $b}
- residual: {from: $a, project: {conv: {k: !choice [1, 3]}}, as: $c}

- act: {as: $a}
- dw: {k: KERNEL, as: $b}
- residual: {from: !choice [$a, $b], as: $c}
- concat: {from: [_, $a, !choice [$b, none]], as: $d}

- add: {of: [{dw: {k: KERNEL, as: $a}}, _, [{act: }, unit: ]], as: $b}

- add: {of: [{dw: {k: 5}}, _], repeat: TIMES, as: $a}

- concat: {of: [{conv: {out: OUT, as: $a}}, [{unit: {out: OUT, as: $b}}, act: ]], as: $c}

- split: {as: [$a, $b]}
- add: {from: [$b, $a], as: $c}
- concat: {from: [$a, $c], as: $d}

- !choice
  as: $a
  conv: {conv: {out: OUT, stride: STRIDE}}
  unit: {unit: {out: OUT, repeat: TIMES}}
  none: {identity: }

- wire: {edges: !graph {ws: {n: 5, k: 2, p: 0.5}, seeds: 4}, node: {dw: {k: KERNEL}}, as: $a}
- wire: {edges: !choice {x: [[0, 1]], y: [[0, 1], [0, 2]]}, node: {dw: }, out: concat, as: $a}
"""
CLUSTERS = [step for part in STEPS.strip("\n").split("\n\n")
            for step in ([part] if "$b" in part or "$a" not in part or "!choice\n" in part
                         else part.split("\n"))]
VALUES = {
    "KERNEL": ["3", "5", "!choice [1, 3]", "!choice {a: 3, b: =2*1 + 1}", "!int [1, 5, 2]"],
    "OUT": ["8", "=cin", "=8*w", "!choice [4, 12]", "!choice {a: =cin, b: !choice [4, 8]}"],
    "STRIDE": ["1", "2", "!int [1, 2]"],
    "TIMES": ["0", "2", "!int [1, 3]", "!choice [0, 2]"],
    "TEST": ["true", "=cin > 8", "!choice [false, true]", "=mode == 'deep'"],
}



@st.composite
def clusters(draw: st.DrawFn) -> str:
    """Steps that fit any tensor of 4·n channels and 2^m rows, most often with holes."""
    steps = []
    for i, cluster in enumerate(draw(st.lists(st.sampled_from(CLUSTERS), min_size=1, max_size=5))):
        for word, values in VALUES.items():
            while word in cluster:
                cluster = cluster.replace(word, draw(st.sampled_from(values)), 1)
        steps.append(cluster.replace("$", f"s{i}"))
    steps.append("- conv: {out: =4*w, when: =mode == 'deep', k: 1, as: last}")
    return "\n".join(steps)


@st.composite
def documents(draw: st.DrawFn, before: str = "") -> str:
    """A valid genotype, most often a space; ``before``: its first steps."""
    steps = before + draw(clusters())
    width = draw(st.sampled_from(["1", "!solve [1, 3, 1]", "!choice {thin: 1, wide: =1 + 1}"]))
    mode = draw(st.sampled_from(["deep", "!choice [deep, flat]"]))
    return f"use: blocks.yaml\nargs: {{w: {width}, mode: {mode}}}\nnet:\n{steps}"


# --- operations -----------------------------------------------------------------------------------

# What is written here fits small images; what does not fit those of a step is drawn again.
WHOLE = (1, 2, 3, 4, 5, 6, 7, 8, 12, 16)
REAL = (1e-6, 1e-3, 0.1, 0.25, 0.5, 0.9)
MOST = 24                   # channels, rows and columns
TRIES = 6


def value(draw: st.DrawFn, field: Field, shape: Shape) -> Any:
    """A value of a parameter, as YAML has it."""
    kinds: list[st.SearchStrategy[Any]] = []
    if field.choices:
        kinds.append(st.sampled_from(field.choices))
    if bool in field.types:
        kinds.append(st.booleans())
    if int in field.types:
        numbers = [n for n in (*WHOLE, *shape) if field.within.holds(n)]
        kinds.append(st.sampled_from(numbers))
        if field.pair:
            kinds.append(st.lists(st.sampled_from(numbers), min_size=2, max_size=2))
    if float in field.types:
        kinds.append(st.sampled_from([x for x in REAL if field.within.holds(x)]))
    return draw(st.one_of(kinds))


def operation(draw: st.DrawFn, kind: str, shapes: tuple[Shape, ...]) -> tuple[str, Shape] | None:
    """Parameters of an operation as flow YAML, and what it gives; None where none was found to
    fit."""
    for _ in range(TRIES):
        given = {name: value(draw, field, shapes[0]) for name, field in schema(OPS[kind]).items()
                 if field.required or draw(st.integers(0, 2)) == 0}
        plain = tuple((name, tuple(v) if isinstance(v, list) else v) for name, v in given.items())
        try:
            _, shape, _ = infer(OPS[kind], plain, shapes)
        except ShapeError:
            continue
        if max(shape) <= MOST:
            return json.dumps(given), shape
    return None


@st.composite
def operations(draw: st.DrawFn, image: Shape = (8, 16, 16), most: int = 8) -> str:
    """Steps of single operations on an image, each on the step before or on any that fit."""
    tensors: dict[str, Shape] = {}
    current, steps = image, ["- act: {as: t0}"]
    tensors["t0"] = image
    for kind in draw(st.lists(st.sampled_from(sorted(OPS)), min_size=1, max_size=most)):
        least, greatest = OPS[kind].inputs
        taken: tuple[str, ...] = ("_",)
        if greatest is None or greatest > 1 or draw(st.integers(0, 4)) == 0:
            count = least if greatest == least else draw(st.integers(least, least + 2))
            fitting = [name for name, shape in tensors.items() if shape[1:] == current[1:]]
            taken = ("_", *(draw(st.sampled_from(fitting or ["_"])) for _ in range(count - 1)))
            if count == 1:
                taken = (draw(st.sampled_from(sorted(tensors))),)
        shapes = tuple(current if name == "_" else tensors[name] for name in taken)
        found = operation(draw, kind, shapes)
        if found is None:
            continue
        text, current = found
        name = f"t{len(tensors)}"
        source = "" if taken == ("_",) else f"from: [{', '.join(taken)}], "
        steps.append(f"- {kind}: {{{source}as: {name}{', ' if len(text) > 2 else ''}{text[1:-1]}}}")
        tensors[name] = current
    return "\n".join(steps) + "\n"


@st.composite
def genotypes(draw: st.DrawFn) -> str:
    """A valid genotype of both kinds of steps; it uses ``blocks.yaml``, which holds `BLOCKS`."""
    first = draw(operations())
    return draw(documents(f"{first}- resize: {{height: 8, width: 8}}\n- conv: {{out: 8, k: 1}}\n"))
