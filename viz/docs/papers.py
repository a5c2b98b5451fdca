"""Generator of docs/papers.md: papers' equations, their YAML and its drawing side by side."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

INTRODUCTION = """\
# Papers, their notation and their drawings

Eight blocks: what the paper writes, the lines of YAML that say it, and the drawing that
`python viz/pictures.py` makes of them. A box's bold name is the `as` of its line. Channel groups
have colours, an edge that crosses from one group into another is dashed, and a block that is called
in several places is one box there and drawn once by itself. Boxes and edges are compared
with the equations in `tests/viz/test_papers_page.py`, what the blocks compute in
`tests/papers/test_papers.py`.
"""


@dataclass(frozen=True, slots=True)
class Paper:
    """A block of a paper: its genotype and file, and the paper's equations."""

    block: str
    genotype: str
    file: str
    title: str
    equations: str


PAPERS = (
    Paper("si_unit", "sinet", "sinet.yaml", "SINet's unit (Yao et al. 2019, Eq. 1 and Fig. 3)", r"""
The input is split into two groups $x_1, x_2$. Each adds the *other* group's input (exchange
shortcut), then a grouped 1×1 convolution mixes what came out with what went in (dense funnel):

$$y_1 = H(x_1) + x_2, \qquad y_2 = H(x_2) + x_1, \qquad z_i = F_i([x_i, y_i])$$

$H$ is `si_transform` on both groups at once: `h1` and `h2` are the halves of what it gives.
"""),
    Paper("he", "henet", "henet.yaml", "HENet's block (Zhu & Zhang 2018, Eq. 5 and 6)", r"""
A grouped 1×1 convolution ($m$ groups), a shuffle and a grouped 3×3 convolution ($n$ groups) make
$y_l$. A running sum travels beside the features, and the next layer sees both:

$$y_l = F_l(x_{l-1}), \qquad x^+_l = x^+_{l-1} + y_l, \qquad x_l = [\,x^+_l,\; y_l\,]$$

The first layer of a stage starts with $x^+_0 = x_0$ (left); the others take two tensors (right).
"""),
    Paper("smg", "hcgnet", "hcgnet.yaml",
          "HCGNet's SMG module (Yang et al. 2020, Eq. 5 to 11)", r"""
A 1×1 and a grouped 3×3 convolution make the features $x$, which two gates turn into new ones:

$$u_3, u_5 = \text{depthwise } 3{\times}3 \text{ and dilated } 3{\times}3 \text{ of } x, \qquad
z_i = \text{attend}(u_i)$$
$$[a_3, a_5] = \text{softmax}(W_e \tanh(W_s [z_3, z_5])), \qquad
\text{new} = a_3 z_3 + a_5 z_5 \quad \text{(update gate)}$$
$$\text{kept} = x \cdot \sigma(W'_e \tanh(W'_s\, \text{attend}(x))) \quad \text{(forget gate)}$$
$$\text{out} = [\,\text{input},\; \text{kept} + \text{new}\,]$$
"""),
    Paper("nasnet_normal", "nasnet-a@mobile", "nasnet.yaml",
          "NASNet-A's normal cell (Zoph et al. 2018, Fig. 4)", r"""
Five sums of two operations each, on $h_1$ (the previous cell) and $h_0$ (the one before it), all
concatenated with $h_0$:

| | first | second |
|---|---|---|
| b2 | sep 5×5 of $h_1$ | sep 3×3 of $h_0$ |
| b3 | sep 5×5 of $h_0$ | sep 3×3 of $h_0$ |
| b4 | avg 3×3 of $h_1$ | $h_0$ |
| b5 | avg 3×3 of $h_0$ | avg 3×3 of $h_0$ |
| b6 | sep 3×3 of $h_1$ | $h_1$ |

`nasnet_normal a` follows a reduction, so that $h_0$ is brought to its size first.
"""),
    Paper("nasnet_reduction", "nasnet-a@cifar", "nasnet.yaml",
          "NASNet-A's reduction cell (Zoph et al. 2018, Fig. 4)", r"""
The same with stride 2 on the inputs; b5 and b6 also build on earlier sums, and b3 to b6 leave:

| | first | second |
|---|---|---|
| b2 | sep 5×5 of $h_1$ | sep 7×7 of $h_0$ |
| b3 | max 3×3 of $h_1$ | sep 7×7 of $h_0$ |
| b4 | avg 3×3 of $h_1$ | sep 5×5 of $h_0$ |
| b5 | b3 | avg 3×3 of b2 |
| b6 | sep 3×3 of b2 | max 3×3 of $h_1$ |
"""),
    Paper("star", "starnet@s1", "convnext.yaml",
          "StarNet's block (Ma et al. 2024, Fig. 3)", r"""
The *star operation*, an element-wise product of two linear maps, stands between two depthwise
convolutions:

$$y = \text{dw}(x), \qquad
\text{out} = x + \text{dw}\big(W_3\,(\text{ReLU6}(W_1 y) \cdot W_2 y)\big)$$
"""),
    Paper("ghost_dfc", "ghostnet-v2@1.0", "ghostnet.yaml",
          "GhostNetV2's module (Tang et al. 2022, Eq. 3 to 7)", r"""
A ghost module makes features $V$; beside it the image at half its size is mixed by a 1×1, a 1×5
and a 5×1 convolution, so that each place hears of its row and its column, and the sigmoid of that,
at full size, gates the features:

$$A = \sigma\big(\text{dw}_{5\times1}(\text{dw}_{1\times5}(W\, \text{avg}_2(x)))\big), \qquad
\text{out} = V \cdot \text{up}(A)$$
"""),
    Paper("dla_leaf", "dla@46-c", "dla.yaml",
          "DLA's tree of depth 1 (Yu et al. 2018, Eq. 1 to 3)", r"""
Two blocks $B$ and a root $N$ that aggregates both, with what the trees to the left gave ($R$,
`kids`), and, in a stage's top tree, its pooled input. The first block's shortcut is the pooled and
projected input:

$$T = N(R^n_1, \dots, R^n_{n-1}, L, B(L)), \qquad L = B(x), \qquad
N(x_1, \dots, x_n) = \text{ReLU}(\text{BN}(W[x_1, \dots, x_n]))$$
"""),
)


def page() -> Iterator[str]:
    """The page's pieces."""
    yield INTRODUCTION
    for paper in PAPERS:
        parts = "".join(f"\n```yaml\n{stated(paper.file, name)}```\n" for name in _names(paper))
        yield (f"## {paper.title}\n{paper.equations}{parts}\n"
               f"![{paper.block} of {paper.genotype}](pictures/{paper.block}.svg)\n")


def stated(file: str, block: str) -> str:
    """The lines that define a block in one of the bundled files."""
    text = (files("searchspace") / "ops" / file).read_text(encoding="utf-8")
    found = re.search(rf"^  {re.escape(block)}:.*\n(?:^(?:   .*)?\n)*", text, re.MULTILINE)
    assert found is not None, block
    return textwrap.dedent(found[0]).rstrip() + "\n"


def _names(paper: Paper) -> tuple[str, ...]:
    return {"si_unit": ("si_transform", "si_unit"),
            "smg": ("update_gate", "forget_gate", "gated", "smg"),
            }.get(paper.block, (paper.block,))
