"""A genotype never runs code: names follow one rule, and the code of networks is safe without it.

Hostile text is put in every place of several genotypes: each key and each word in turn, and each
name wherever it stands. What comes of it is one printable sentence, or a network.
"""

import ast
import builtins
import keyword
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import fx, nn

from searchspace import Genotype, SearchspaceError, build, cost, load
from searchspace.building.builder import assemble
from searchspace.expansion import trace
from searchspace.identifiers import MAX_NAME, as_name, is_label, is_name, is_part, is_word
from searchspace.notation.reader import read
from searchspace.notation.sources import GENOTYPES
from searchspace.notation.tree import Map, Scalar, Seq, Tagged, Tree

Write = Callable[..., Path]
FIXTURE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]

# --- hostile text -------------------------------------------------------------------------------

ISSUE = 'a", run()) #'
BEFORE = ["", "a", 'a"', "a'", 'a", ', "a', ", 'a"), ', "a)\n", "a; ", "a\n    ", "\\", '\\"', "{", "${",
          "=", "= ", "a.", "a\u2028", "\u202e", "a#\n", "'''", '"""', "__import__('builtins').", "!!"]
AFTER = ["", ") #", '")', "')", "}", "\n", "\\", " # ", ".b", "'''", '"""', " if True else a", "\x00"]
TRICKS = ["", " ", ".", "..", "../a", "/etc/passwd", "-", "-a", "<<", "*a", "&a", "!choice", "%s", "{0}",
          "__class__", "__import__", "__init__", "a\x1b[2J", "a\u202eb", "a\u200bb", "\ufeffa", "ﬁ", "ｗ",
          "\u212a", "größe", "网络", "a" * (MAX_NAME + 1), "b" * 5000, "a b", "a/b", "a@b", "a+b", "a:b"]
HOSTILE = st.one_of(
    st.builds("{}run(){}".format, st.sampled_from(BEFORE), st.sampled_from(AFTER)),
    st.sampled_from(TRICKS), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a payload's ``run()`` fills, from wherever it is called."""
    calls: list[str] = []
    monkeypatch.setattr(builtins, "run", lambda: calls.append("ran"), raising=False)
    return calls


def test_the_payload_would_run(ran: list[str]) -> None:
    """What the fences are for: torch.fx itself runs what is in a name."""
    root = nn.Module()
    root.add_module(ISSUE, nn.Identity())
    graph = fx.Graph()
    graph.output(graph.call_module(ISSUE, (graph.placeholder("x"),)))
    fx.GraphModule(root, graph)(torch.zeros(1))
    assert ran == ["ran"]


# --- the rule -----------------------------------------------------------------------------------


@settings(max_examples=300)
@given(text=HOSTILE | st.text("aZ0_.-é\n ", max_size=4))
def test_the_rules_nest_and_what_passes_is_plain(text: str) -> None:
    assert is_word(text) <= is_part(text) <= is_name(text) <= is_label(text)
    if is_name(text):
        assert text.isascii() and text.isprintable() and unicodedata.normalize("NFKC", text) == text
        assert text.replace("_", "").replace("-", "").replace(".", "").isalnum() or text.strip("_.-") == ""
        assert not text.startswith(("__", "-", ".")) and len(text) <= MAX_NAME
    if is_word(text):
        assert text.isidentifier() and not keyword.iskeyword(text)
    assert is_name(as_name(text)) and (as_name(text) == text or not is_name(text))


# --- every place of the notation ----------------------------------------------------------------

FILES = {p.stem: p for p in (Path(__file__).parents[1] / "fixtures" / "all.yaml",
                             *sorted(GENOTYPES.rglob("*.yaml")))}
FEW = ("all", "he", "log-densenet", "shiftnet", "sinet-mobilenet-v2")


@cache
def document(name: str) -> Map:
    return read(FILES[name])


def edits(tree: Tree, change: Callable[[str], str]) -> Tree:
    """The tree with every key and word changed."""
    if isinstance(tree, Map):
        return Map({change(key): edits(t, change) for key, t in tree.items.items()})
    if isinstance(tree, Seq):
        return Seq(tuple(edits(t, change) for t in tree))
    if isinstance(tree, Tagged):
        body = edits(tree.body, change)
        assert isinstance(body, Map | Seq)
        return Tagged(tree.tag, body)
    assert isinstance(tree, Scalar)
    return Scalar(change(tree.value)) if isinstance(tree.value, str) else tree


@cache
def words(name: str) -> tuple[str, ...]:
    """All keys and words of a file, in order; the number of one is a place."""
    found: list[str] = []
    edits(document(name), lambda word: found.append(word) or word)
    return tuple(found)


def at(name: str, place: int, text: str) -> str:
    """A file with another text in one place."""
    count = iter(range(len(words(name))))
    return written(edits(document(name), lambda word: text if next(count) == place else word))


def everywhere(name: str, old: str, text: str) -> str:
    """A file with a name changed wherever it stands alone, is called, or is a part of a path."""
    def change(word: str) -> str:
        if word == f"={old}":
            return f"={text}"
        return ".".join(text if part == old else part for part in word.split("."))
    return written(edits(document(name), change))


def written(tree: Tree) -> str:
    """YAML that any text survives; `?` lets a key be as long as it likes."""
    if isinstance(tree, Map):
        return "{" + ", ".join(f"? {quoted(k)} : {written(t)}" for k, t in tree.items.items()) + "}"
    if isinstance(tree, Seq):
        return "[" + ", ".join(map(written, tree)) + "]"
    if isinstance(tree, Tagged):
        return f"!{tree.tag} {written(tree.body)}"
    assert isinstance(tree, Scalar)
    return quoted(tree.value) if isinstance(tree.value, str) else \
        "null" if tree.value is None else str(tree.value).lower()


def quoted(text: str) -> str:
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in text) + '"'


@cache
def drawn(name: str) -> tuple[Any, ...]:
    """The nodes of a file as it stands."""
    return nodes(load(FILES[name]))


def nodes(genotype: Genotype) -> tuple[Any, ...]:
    return tuple((n.name, n.op, n.inputs) for n in trace(genotype, lambda _, hole: hole.labels[0]).nodes)


def survives(name: str, path: Path, text: str, ran: list[str]) -> None:
    """The promise: one sentence, or a network; nothing of the file is run."""
    path.write_text(text, encoding="utf-8")
    try:
        genotype = load(path)
        if nodes(genotype) != drawn(name):      # else it would be the code that it always is
            run(genotype)
    except SearchspaceError as error:
        said = str(error)
        assert said.isprintable() and len(said) < 2000 and "Traceback" not in said
    assert ran == []


def run(genotype: Genotype) -> fx.GraphModule:
    """Build a network of the space, look at its code, and call it."""
    decisions: dict[str, Any] = {}

    def ask(name: str, hole: Any) -> Any:
        return decisions.setdefault(name, hole.labels[0])
    expansion = trace(genotype, ask)
    with torch.device("meta"):
        network = assemble(expansion, genotype.title)
        check_codes(network)
        network(torch.zeros(2, *expansion.input))
    return network


def named(name: str) -> list[str]:
    """The different names in a file."""
    return sorted({part for word in words(name) for part in word.removeprefix("=").split(".") if is_name(part)})


PLACES = [(name, place) for name in FEW for place in range(len(words(name)))]
NAMED = [(name, word) for name in FEW for word in named(name)]


def test_the_files_are_whole(tmp_path: Path, ran: list[str]) -> None:
    """Written as here and with nothing changed, they are what they were."""
    path = tmp_path / "net.yaml"
    for name in FEW:
        path.write_text(at(name, -1, ""), encoding="utf-8")
        assert words(name) and read(path) == document(name)
        assert nodes(load(path)) == drawn(name)
    run(load(FILES["all"]))
    assert ran == []


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in FEW else pytest.mark.slow)
                                  for n in FILES])
def test_a_payload_in_any_place(name: str, tmp_path: Path, ran: list[str]) -> None:
    for place in range(len(words(name))):
        survives(name, tmp_path / "net.yaml", at(name, place, ISSUE), ran)
    for word in named(name):
        survives(name, tmp_path / "net.yaml", everywhere(name, word, ISSUE), ran)


@settings(max_examples=150, suppress_health_check=FIXTURE)
@given(place=st.sampled_from(PLACES), text=HOSTILE)
def test_any_text_in_any_place(tmp_path: Path, ran: list[str], place: tuple[str, int], text: str) -> None:
    survives(place[0], tmp_path / "net.yaml", at(*place, text), ran)


@settings(max_examples=150, suppress_health_check=FIXTURE)
@given(word=st.sampled_from(NAMED), text=HOSTILE)
def test_any_text_for_a_name(tmp_path: Path, ran: list[str], word: tuple[str, str], text: str) -> None:
    survives(word[0], tmp_path / "net.yaml", everywhere(*word, text), ran)


# --- the code of networks -----------------------------------------------------------------------

NODES = (ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Assign, ast.Return, ast.Call, ast.Name,
         ast.Attribute, ast.Constant, ast.Tuple, ast.List, ast.Subscript, ast.Slice, ast.BinOp,
         ast.keyword, ast.expr_context, ast.operator, ast.UnaryOp, ast.USub)
TORCH = {"torch.Tensor", "torch.cat", "torch.flatten", "torch.narrow", "torch.nn.functional.pad"}
METHODS = {"narrow", "amax", "mean", "softmax", "unflatten", "flatten", "sigmoid", "sum", "unsqueeze",
           "index_select"}


def check_codes(network: fx.GraphModule) -> None:
    """The code of a network and of all modules in it."""
    for module in network.modules():
        if isinstance(module, fx.GraphModule):
            check_code(module.code)


def check_code(code: str) -> None:
    """Modules of the network are called, and known functions of torch, on what came before."""
    tree = ast.parse(code)
    function, = tree.body
    assert isinstance(function, ast.FunctionDef)
    local = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    local |= {arg.arg for arg in function.args.args[1:]}
    assert not local & {"self", "torch", "getattr"}
    for node in ast.walk(tree):
        assert isinstance(node, NODES), ast.dump(node)
        if isinstance(node, ast.Name):
            assert node.id in local | {"self", "torch", "getattr"}, node.id
        elif isinstance(node, ast.Constant):
            assert node.value is None or type(node.value) in (int, float, bool, str)
        elif isinstance(node, ast.Call):
            root: ast.expr = node
            while isinstance(root, ast.Attribute | ast.Call) or is_child(root):
                inner = root.func if isinstance(root, ast.Call) else root.value  # type: ignore[attr-defined]
                root = root.args[0] if isinstance(root, ast.Call) and is_getattr(root) else inner
            assert isinstance(root, ast.Name)
            said = ast.unparse(node.func)
            assert root.id == "self" or said in TORCH or is_getattr(node) or (
                isinstance(node.func, ast.Attribute) and node.func.attr in METHODS), said


def is_child(node: ast.expr) -> bool:
    """``self._modules["0"]``"""
    return (isinstance(node, ast.Subscript) and ast.unparse(node.value) == "self._modules"
            and isinstance(node.slice, ast.Constant)
            and re.fullmatch(r"[\w-]+", str(node.slice.value), re.ASCII) is not None)


def is_getattr(call: ast.Call) -> bool:
    """``getattr(self.stage, "0")``"""
    if not (isinstance(call.func, ast.Name) and call.func.id == "getattr"):
        return False
    _, name = call.args
    return isinstance(name, ast.Constant) and is_part(f"a{name.value}")


@pytest.mark.parametrize("name", ["henet", "shufflenet-v2", "mobilenet-v3", "shiftnet"])
def test_the_code_of_published_networks_is_of_that_kind(name: str) -> None:
    with torch.device("meta"):
        check_codes(build(load(name)))


TAKEN = sorted({*dir(fx.GraphModule(nn.Module(), fx.Graph())), *keyword.kwlist, *dir(builtins), "x", "self",
                "torch", "operator", "nodes", "last", "layers", "input", "conv", "bn", "act", "weight",
                "join", "linear", "dw", "wsum", "fx_pytree", "device", "inf", "nan", "NoneType"})
NAMES = st.builds("{}{}".format, st.sampled_from(TAKEN) | st.from_regex(r"[A-Za-z_][a-z0-9_-]{0,9}", fullmatch=True),
                  st.sampled_from(["", "", "_", "__", "_1"]))
NET = """
blocks:
  %0:
    args: {%1: 8}
    body:
      - conv: {out: =%1, as: %2}
      - wsum: {of: [{act: {as: %3}}, {conv: {out: =%1, as: %4}}, _], as: %5}
      - act: {as: %6}
net:
  - %0: {repeat: 2, as: %7}
  - %0: {as: %8}
  - wire: {edges: [[0, 1], [0, 2], [1, 3], [2, 3]], node: {dw: {act: none}}, as: %9}
  - wsum: {of: [{dw: }, {%0: {as: %2}}], as: %3}
  - concat: {from: [_, %7]}
  - gap: {as: %4}
  - linear: {out: 4, as: %5}
"""


@settings(max_examples=15, suppress_health_check=FIXTURE)
@given(chosen=st.lists(NAMES.filter(is_word), min_size=10, max_size=10, unique=True))
def test_allowed_names_overwrite_nothing(genotype: Callable[..., Genotype], chosen: list[str]) -> None:
    """Whatever steps and blocks are called, the network has all the weights and runs."""
    text = NET
    for number, name in enumerate(chosen):
        text = text.replace(f"%{number}", name)
    try:
        network = genotype(text)
        trace(network).names()
    except SearchspaceError as error:       # a name that is none, stands there twice, or is taken
        assume(False)
        raise AssertionError from error
    built = run(network)
    assert sum(p.numel() for p in built.parameters()) == cost(network).params


@pytest.mark.parametrize("names", [("type", "type_", "type__"), ("graph", "graph_", "code"),
                                   ("_modules", "_modules_", "forward"), ("a", "a_", "A")])
def test_names_that_torch_has_stay_apart(genotype: Callable[..., Genotype], names: tuple[str, ...]) -> None:
    network = genotype("\n".join(f"- conv: {{out: 8, as: {name}}}" for name in names))
    built = build(network)
    assert len({key.partition(".")[0] for key in built.state_dict()}) == len(names)
    assert sum(p.numel() for p in built.parameters()) == cost(network).params
    assert built(torch.zeros(1, 8, 16, 16)).shape == (1, 8, 16, 16)


# --- without the rule ---------------------------------------------------------------------------

PLAIN = """
blocks: {unit: {body: [conv: {out: 8, as: c}, act: ]}}
net: [unit: {repeat: 2, as: stage}, conv: {out: 4, as: body}, shuffle: {groups: 2}, gap: ]
"""


@settings(max_examples=100, suppress_health_check=FIXTURE)
@given(text=HOSTILE | NAMES, number=st.integers(0, 10), inside=st.booleans())
def test_no_name_of_an_operation_is_run(genotype: Callable[..., Genotype], ran: list[str], text: str,
                                        number: int, inside: bool) -> None:
    """The second fence alone: the name goes straight into an expanded network."""
    expansion = trace(genotype(PLAIN))
    changed = list(expansion.nodes)
    number %= len(changed)
    changed[number] = changed[number]._replace(name=f"stage.{text}.c" if inside else text)
    try:
        network = assemble(expansion._replace(nodes=tuple(changed)), title=text)
        check_codes(network)
        assert network(torch.zeros(1, 8, 16, 16)).shape == (1, 4)
        assert re.fullmatch(r"[A-Za-z0-9]+", type(network).__name__)
    except SearchspaceError as error:
        assert str(error).isprintable()
    assert ran == []


@pytest.mark.usefixtures("any_name")
@settings(max_examples=50, suppress_health_check=FIXTURE)
@given(word=st.sampled_from([w for w in NAMED if w[0] == "all"]), text=HOSTILE)
def test_no_name_of_a_file_is_run(tmp_path: Path, ran: list[str], word: tuple[str, str], text: str) -> None:
    """The second fence alone, behind a whole file."""
    survives(word[0], tmp_path / "net.yaml", everywhere(*word, text), ran)


def test_text_that_an_operation_hands_on_stays_text(genotype: Callable[..., Genotype], ran: list[str]) -> None:
    """What an operation puts into the code beside tensors: torch.fx writes it as a literal."""
    class Given(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.pad(x, (0, 10**30, 0, 0), ISSUE, float("inf"))

    code = fx.symbolic_trace(Given()).code
    call, = (n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Call) and "pad" in ast.unparse(n.func))
    assert ISSUE in [ast.literal_eval(k.value) for k in call.keywords if k.arg == "mode"] + [
        a.value for a in call.args if isinstance(a, ast.Constant)]
    assert ran == []


# --- other files --------------------------------------------------------------------------------

SECRET = "name: secret\ninput: [8, 4, 4]\nblocks: {hidden: {body: [act: ]}}\nnet: [hidden: ]\n"
BLOCKS = "blocks: {hidden: {body: [act: ]}}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for a genotype, beside it and in it files that are none of its business."""
    inner = tmp_path / "home"
    (inner / "below").mkdir(parents=True)
    for folder in (tmp_path, inner / "below"):
        (folder / "base.yaml").write_text(SECRET, encoding="utf-8")
        (folder / "use.yaml").write_text(BLOCKS, encoding="utf-8")
    for key in ("base", "use"):
        text = (tmp_path / f"{key}.yaml").read_text(encoding="utf-8")
        (inner / f"{key}").write_text(text, encoding="utf-8")
        (inner / f"{key}-link.yaml").symlink_to(tmp_path / f"{key}.yaml")
    (inner / "folder.yaml").mkdir()
    monkeypatch.chdir(inner)
    yield inner


def referring(home: Path, key: str, name: str) -> Path:
    path = home / "net.yaml"
    path.write_text(f"name: net\n{key}: {quoted(name)}\n" + (
        "input: [8, 4, 4]\nnet: [hidden: ]\n" if key == "use" else ""), encoding="utf-8")
    return path


@pytest.mark.parametrize("key", ["base", "use"])
def test_a_file_names_only_files_of_its_own_folder(home: Path, key: str) -> None:
    assert trace(load(referring(home, key, f"below/{key}.yaml"))).nodes[0].name == "hidden.act"
    outside = home.parent / f"{key}.yaml"
    sentences = set()
    for name in (f"../{key}.yaml", f"below/../../{key}.yaml", str(outside), "../nowhere.yaml",
                 "/nowhere.yaml", f"{key}-link.yaml"):
        with pytest.raises(SearchspaceError) as caught:
            load(referring(home, key, name))
        sentences.add(str(caught.value).replace(name, "NAME"))
        assert f"net.yaml:2 ({key})" in str(caught.value) and "hidden" not in str(caught.value)
    assert len(sentences) == 1 and "outside" in sentences.pop()    # also of one that is not there


@pytest.mark.parametrize("key", ["base", "use"])
@pytest.mark.parametrize("name", ["{key}", "./{key}", "~/{key}", "folder.yaml", "file:///etc/passwd", "a\0.yaml",
                                  "../../{key}", "%2e%2e/{key}.yaml", "C:\\{key}.yaml", "a" * 5000 + ".yaml"])
def test_a_reference_to_no_file_of_genotypes(home: Path, key: str, name: str) -> None:
    """Not a file in the folder where the command is run, nor one through a bundled name."""
    with pytest.raises(SearchspaceError) as caught:
        load(referring(home, key, name.format(key=key)))
    assert str(caught.value).isprintable() and "hidden" not in str(caught.value)


def test_a_file_is_measured_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(SearchspaceError, match="more than the 4,000,000 bytes"):
        read(path)
