"""Limits: each has its own sentence, and an argument moves it; nothing that is large or endless takes
long, or much memory."""

import copy
import os
import pickle
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

import networkx as nx
import numpy as np
import pytest
from torch import nn

from searchspace import (
    Cost,
    Genotype,
    GenotypeError,
    SearchspaceError,
    ShapeError,
    build,
    cost,
    fill,
    load,
    to_yaml,
)
from searchspace.__main__ import main
from searchspace.building.verify import verify
from searchspace.expansion import run, trace
from searchspace.expansion.graph import infer
from searchspace.notation.random_graphs import GENERATORS, draw, pairs
from searchspace.notation.reader import parse
from searchspace.notation.tree import Map, Scalar
from searchspace.ops import OPS, Op, op
from searchspace.safety.limits import DEEPEST, Limits, current, raised

Write = Callable[..., Path]
Make = Callable[..., Genotype]

OTHERS = {"one.yaml": "name: one\nbase: two.yaml\n", "two.yaml": "name: two\nbase: three.yaml\n",
          "three.yaml": "name: three\ninput: [3, 8, 8]\nnet: [gap: ]\n",
          "a.yaml": "blocks: {a: {body: [act: ]}}", "b.yaml": "blocks: {b: {body: [act: ]}}"}

# For each limit: a file, the greatest limit that refuses it, and the sentence. One more takes it.
HIT = {
    "characters": ("- gap:", 42, "43 characters are more than the 42 allowed"),
    "values": ("- gap:", 8, "more than 8 values once aliases are expanded"),
    "levels": ("args: {a: [[[1]]]}\nnet: [act: {when: =a != 1}]", 4, "nested deeper than 4 levels"),
    "bases": ("name: net\nbase: one.yaml\n", 2, "more than 2 genotypes inherit one from the other"),
    "files": ("use: [a.yaml, b.yaml]\nnet: [a: , b: ]", 1, "2 files are more than the 1 allowed"),
    "options": ("- dw: {k: !choice [1, 3, 5]}", 2, "3 options are more than the 2 allowed"),
    "formula": ("- conv: {out: =cin + cin}", 8, "formula of 9 characters; 8 are allowed"),
    "number": ("- conv: {out: 129}", 128, "129 is too large"),
    "edges": ("- wire: {edges: !graph {ba: {n: 6, m: 2}}, node: {dw: }}", 11,
              "12 edges are more than the 11 allowed"),
    "repeats": ("- act: {repeat: 7}", 6, "repeat must be a whole number from 0 to 6, not 7"),
    "operations": ("- act: {repeat: 7}", 6, "the network has more than 6 operations"),
    "steps": ("- act: {repeat: 7}", 7, "the network takes more than 7 steps to expand"),
    "channels": ("- conv: {out: 12}", 11, "conv: 12 channels are more than the 11 allowed"),
    "size": ("- pad: {top: 4}", 19, "pad: 8×20×16 has more than 19 rows or columns"),
    "macs": ("- conv: {out: 1, k: 1}", 2047, "2,048 MACs of the network are more than the 2,047"),
    "params": ("- conv: {out: 1, k: 1}", 9, "10 parameters of the network are more than the 9"),
}


def expanded(path: Path) -> Cost:
    return trace(load(path), lambda _, hole: hole.labels[-1]).cost()


@pytest.mark.parametrize("name", [f.name for f in fields(Limits)])
def test_each_limit_has_its_sentence_and_can_be_moved(genotype_file: Write, name: str) -> None:
    text, most, words = HIT[name]
    path = genotype_file(text, OTHERS)
    found = expanded(path)
    with raised(**{name: most}), pytest.raises(SearchspaceError) as caught:
        expanded(path)
    assert words in str(caught.value) and "\n" not in str(caught.value)
    with raised(**{name: most}), pytest.raises(SearchspaceError):       # costs alone are refused alike
        run(load(path), lambda _, hole: hole.labels[-1])
    with raised(**{name: most + 1}):
        assert expanded(path) == found
    assert expanded(path) == found and current().repeats == 1000


@pytest.mark.parametrize("hole", ["!int [1, 5, 2]", "!solve [1, 5, 2]", "!int [1, 6, 2]"])
def test_values_of_a_range_are_options(genotype_file: Write, hole: str) -> None:
    path = genotype_file(f"- dw: {{k: {hole}}}")
    with raised(options=3):
        assert load(path).holes[0].labels == (1, 3, 5)
    with raised(options=2), pytest.raises(SearchspaceError, match="at most 2 values"):
        load(path)


def test_what_was_made_under_another_limit_is_not_remembered(genotype: Make) -> None:
    big = genotype("blocks: {b: {body: [conv: {out: =cin*n}], args: {n: 4}}}\nnet: [b: {repeat: 3}]")
    assert cost(big)
    for name, most in (("channels", 511), ("number", 511), ("operations", 2)):
        with raised(**{name: most}), pytest.raises(GenotypeError):
            cost(big)
        assert cost(big)


@pytest.mark.parametrize(("given", "message"), [
    ({"repeats": 0}, "the limit repeats is a whole number from 1 to"), ({"repeats": 1.5}, "not 1.5"),
    ({"repeats": True}, "not True"), ({"levels": DEEPEST + 1}, "from 1 to 120, not 121"),
    ({"chanels": 8}, "there is no limit 'chanels'; did you mean 'channels'")])
def test_what_is_no_limit_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SearchspaceError, match=message), raised(**given):
        pass
    assert current().repeats == 1000


def test_the_command_line_moves_a_limit(genotype_file: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(genotype_file("- act: {repeat: 1200}"))
    for more, status, words in (
            ([], 2, "repeat must be a whole number from 0 to 1000, not 1200"),
            (["--limit", "repeats=1200"], 0, "1,200"),
            (["--limit", "repeats=1200", "--limit", "operations=9"], 2, "more than 9 operations"),
            (["--limit", "repeat=9"], 2, "there is no limit 'repeat'; did you mean 'repeats'?"),
            (["--limit", "repeats"], 2, "--limit repeats: write it like operations=200000"),
            (["--limit", "repeats=-1"], 2, "write it like"), (["--limit", "repeats=0"], 2, "from 1 to")):
        assert main([path, "--level", "operation", *more]) == status
        told = capsys.readouterr()
        assert words in told.err if status else "act.1199" in told.out
    assert current().repeats == 1000


def test_as_deep_as_a_limit_may_be_python_can_go(genotype_file: Write) -> None:
    deep = DEEPEST - 8
    blocks = "".join(f"  b{i}: {{body: [b{i + 1}: ]}}\n" for i in range(deep))
    path = genotype_file(f"blocks:\n{blocks}  b{deep}: {{body: [act: ]}}\nnet: [b0: ]")
    bases = {f"{i}.yaml": f"name: n\nbase: {i + 1}.yaml\n" for i in range(deep)}
    bases[f"{deep}.yaml"] = "name: n\ninput: [3, 8, 8]\nnet: [gap: ]"
    child = genotype_file("name: n\nbase: 0.yaml", bases)
    nested = genotype_file(f"args: {{a: {'[' * deep}{']' * deep}}}\nnet: [act: {{when: =a != 1}}]")
    for one in (path, child, nested):
        with pytest.raises(GenotypeError):
            load(one)
    with raised(levels=DEEPEST, bases=DEEPEST):
        for one in (path, child, nested):
            assert len(trace(load(one)).nodes) == 1
            assert to_yaml(load(one))


# --- numbers beyond what a machine word holds -----------------------------------------------------

HUGE = "input: [1000, 1000, 1000]\nname: huge\nnet:\n  - conv: {out: 10000000, k: 999, repeat: 50}"


def test_costs_beyond_a_database_are_refused_and_summed_exactly(genotype: Make) -> None:
    made = genotype(f"name: huge\n{HUGE.replace(chr(10) + 'name: huge', '')}")
    with pytest.raises(GenotypeError, match=r"[\d,]{20,} MACs of the network are more than the "
                                            "1,000,000,000,000,000,000 allowed"):
        cost(made)
    with raised(macs=10**30, params=10**30):
        weights = 999**2 * 10**7 * (1000 + 49 * 10**7)
        assert cost(made) == Cost(weights * 10**6, weights + 50 * 2 * 10**7)
        assert cost(made).macs > 2**63


# --- what took forever, or all memory ----------------------------------------------------------------


def seconds(what: Callable[[], object]) -> float:
    start = time.process_time()
    with pytest.raises(SearchspaceError) as caught:
        what()
    assert "\n" not in str(caught.value)
    return time.process_time() - start


def test_a_choice_of_ninety_thousand_options_is_told_soon(genotype_file: Write) -> None:
    def options(n: int) -> Path:
        return genotype_file("- conv: {out: !choice [" + ", ".join(map(str, range(1, n + 1))) + "]}")

    assert seconds(lambda: load(options(90_000))) < 60
    few, many = options(1_000), options(8_000)
    times = []
    for path in (few, many):
        start = time.process_time()
        load(path)
        times.append(time.process_time() - start)
    assert times[1] < 30 * times[0]         # quadratic: 64 times


def test_a_graph_that_is_never_connected_is_told_soon(genotype_file: Write) -> None:
    path = genotype_file("- wire: {edges: !graph {er: {n: 1000, p: 0.0001}}, node: {dw: }}")
    assert seconds(lambda: load(path)) < 20


@pytest.mark.parametrize("n", [2, 3, 33, 150])
@pytest.mark.parametrize("p", [0, 0.01, 0.5, 1])
def test_pairs_are_those_of_networkx(n: int, p: float) -> None:
    for seed in (0, 1, 1_000_003):
        ours, theirs = pairs(n, p, seed), nx.gnp_random_graph(n, p, seed=seed)
        assert list(ours.nodes) == list(theirs.nodes) and list(ours.edges) == list(theirs.edges)


@pytest.mark.parametrize(("generator", "values", "message"), [
    ("er", {"n": 8, "p": 5}, "p from 0 to 1"), ("er", {"n": 8, "p": -0.1}, "p from 0 to 1"),
    ("ws", {"n": 8, "k": 4, "p": 1.5}, "p from 0 to 1"), ("er", {"n": 1001, "p": 1}, "n from 2 to 1000"),
    ("er", {"n": 1000, "p": 1}, "499,500 edges are more than the 100,000 allowed"),
    ("ws", {"n": 1000, "k": 900, "p": 0.5}, "450,000 edges are more"),
    ("ba", {"n": 1000, "m": 500}, "500,000 edges are more"), ("ba", {"n": 5, "m": -1}, "ba: "),
    ("ba", {"n": 5, "m": 10**15}, "edges are more"), ("ws", {"n": 5, "k": -3, "p": 0.5}, "ws: ")])
def test_a_generator_takes_what_it_can_draw(generator: str, values: dict[str, Any],
                                            message: str) -> None:
    with pytest.raises(GenotypeError, match=message):
        draw(generator, Map({k: Scalar(v) for k, v in values.items()}), 0)
    assert set(values) == set(GENERATORS[generator])


def test_a_long_chain_of_bases_is_told(genotype_file: Write) -> None:
    chain = {f"{i}.yaml": f"name: n\nbase: {i + 1}.yaml\n" for i in range(150)}
    path = genotype_file("name: n\nbase: 0.yaml", chain)
    with pytest.raises(GenotypeError, match=r"19\.yaml:2 \(base\): more than 20 genotypes inherit"):
        load(path)


def test_what_never_ends_or_never_begins_is_not_read(genotype_file: Write, tmp_path: Path) -> None:
    with pytest.raises(GenotypeError, match=r"cannot read /dev/zero: it is no regular file"):
        load("/dev/zero")
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    with pytest.raises(GenotypeError, match="it is no regular file"):
        load(pipe)
    for key in ("base", "use"):
        path = genotype_file(f"name: net\n{key}: pipe.yaml\ninput: [3, 8, 8]\nnet: [gap: ]")
        os.mkfifo(path.with_name("pipe.yaml"))
        with pytest.raises(GenotypeError, match=rf"{key}: there is no file pipe\.yaml"):
            load(path)
    large = tmp_path / "large.yaml"
    with large.open("wb") as file:
        file.truncate(2**30)                    # takes no disk
    with pytest.raises(GenotypeError, match="it has more than the 4,000,000 bytes that are read"):
        load(large)


def test_a_stranger_learns_nothing_of_other_files(genotype_file: Write, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("root:x:0:0")
    for name in ("/etc/passwd", "/etc/passwd.yaml", str(tmp_path / "secret.yaml"), "../secret.yaml"):
        for key in ("base", "use"):
            path = genotype_file(f"name: net\n{key}: {name}\ninput: [3, 8, 8]\nnet: [gap: ]")
            with pytest.raises(GenotypeError) as caught:
                load(path)
            assert "root" not in str(caught.value).replace(name, "").replace(str(path), "")


@pytest.mark.parametrize("shape", ["[]", "[3]", "[3, 8, 8, 8]"])
def test_an_input_is_three_numbers_before_anything_uses_it(genotype: Make, shape: str) -> None:
    with pytest.raises(GenotypeError, match=r"input is \[channels, height, width\], not \d values"):
        genotype(f"name: net\ninput: {shape}\nnet: [gap: ]").with_input(32)


# --- code of others --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Foreign(Op):
    """An operation from elsewhere that does whatever it is asked to."""

    kind: ClassVar[str] = "foreign"
    given: ClassVar[Any] = None

    def shape(self, *inputs: Any) -> Any:
        if isinstance(self.given, BaseException):
            raise self.given
        return self.given

    def cost(self, *inputs: Any) -> Any:
        return Cost(1, 1) if isinstance(self.given, tuple) and len(self.given) == 3 else self.given


@pytest.mark.parametrize("given", [
    ZeroDivisionError("division by zero"), SystemExit(0), RecursionError("too deep"), KeyError("x"), None, (), (3, 3),
    (0, 4, 4), (3.0, 4, 4), (True, 4, 4), "abc", AssertionError()])
def test_whatever_foreign_code_does_is_a_sentence(given: Any) -> None:
    class Mine(Foreign):
        pass

    Mine.given = given
    with pytest.raises(ShapeError, match=r"^foreign: its code (raised|gave) "):
        infer(Mine, (), ((3, 4, 4),))


def test_a_foreign_module_that_fails_is_a_sentence(genotype: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    class Mine(Foreign):
        given = (8, 16, 16)

        def module(self, *inputs: Any) -> Any:
            raise OSError("no weights here")

    monkeypatch.setitem(OPS._entries, "foreign", Mine)
    made = genotype("- foreign:")
    assert cost(made) == Cost(1, 1)
    with pytest.raises(ShapeError, match="foreign: its code raised OSError: no weights here"):
        build(made)

    for given in (None, nn.Identity, 3):
        Mine.module = lambda self, *inputs, given=given: given      # type: ignore[method-assign,assignment,misc]
        with pytest.raises(ShapeError, match=r"foreign: its code gave .* for a module"):
            build(made)
    Mine.module = lambda self, *inputs: lambda x: (x, x)        # type: ignore[method-assign,assignment]
    with pytest.raises(GenotypeError, match="foreign: its module gave tuple, not a tensor"):
        verify(made)

    Mine.label = lambda self: 7         # type: ignore[method-assign,assignment,return-value]
    infer.cache_clear()
    with pytest.raises(GenotypeError, match="its code gave no text for a label"):
        cost(genotype("- foreign:"))


def test_an_operation_that_can_be_changed_is_refused() -> None:
    with pytest.raises(ValueError, match="is a dataclass with frozen=True"):
        op("changing")(dataclass(type("Changing", (Op,), {"__annotations__": {"k": int}, "k": 3})))
    assert "changing" not in OPS._entries


def test_a_fault_of_our_own_is_not_hidden() -> None:
    Ours = type("Ours", (Foreign,), {"__module__": "searchspace.ops.conv", "given": KeyError("x")})
    with pytest.raises(KeyError):
        infer(Ours, (), ((3, 4, 4),))


# --- numbers of NumPy, genotypes in other processes --------------------------------------------------


@pytest.mark.parametrize(("w", "classes"), [
    (np.float64(0.5), 10), (0.5, np.int64(10)), (np.float32(0.5), np.int32(10)),
    (np.float16(0.5), np.uint8(10))])
def test_numbers_of_numpy_are_numbers(w: Any, classes: Any) -> None:
    assert cost(load("mobilenet-v2", w=w, classes=classes)) == \
        cost(load("mobilenet-v2", w=0.5, classes=10))


def test_a_narrow_number_is_the_decimal_that_it_prints() -> None:
    assert cost(load("mobilenet-v2", w=np.float32(1.4))) == cost(load("mobilenet-v2", w=1.4))
    with pytest.raises(GenotypeError, match="takes a number, a word, true or false, not nan"):
        load("mobilenet-v2", w=np.float32("nan"))


def test_decisions_and_sizes_may_be_numpys(genotype: Make) -> None:
    space = genotype("- conv: {out: !choice [4, 8], bias: !choice [true, false], as: a}")
    made = {"a.conv.out": np.int64(8), "a.conv.bias": np.bool_(False)}
    assert cost(space, made) == cost(fill(space, made)) == \
        cost(space, {"a.conv.out": 8, "a.conv.bias": False})
    assert trace(load("mobilenet-v2").with_input(np.int64(64))).input == (3, 64, 64)


@pytest.mark.parametrize("name", ["mobilenet-v2", "henet", "nasnet-a", "mobile", "randwire"])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g))])
def test_a_genotype_travels(name: str, copied: Callable[[Genotype], Genotype]) -> None:
    genotype = load(name)
    again = copied(genotype)
    assert again == genotype and again.outer is genotype.outer and again.title == genotype.title

    def first(_: str, hole: Any) -> Any:
        return hole.labels[0]

    assert trace(again, first).cost() == trace(genotype, first).cost()


def test_blocks_of_a_file_travel_too(genotype: Make) -> None:
    made = genotype("use: a.yaml\nblocks: {c: {body: [a: ]}}\nnet: [c: ]", OTHERS)
    assert cost(pickle.loads(pickle.dumps(made))) == cost(made)


def test_the_end_of_a_threads_limits_leaves_those_of_another() -> None:
    usual, begun, over = current(), threading.Event(), threading.Event()

    def other() -> None:
        with raised(repeats=5_000):
            begun.set()
            over.wait()

    thread = threading.Thread(target=other)
    thread.start()
    begun.wait()
    with raised(operations=60_000):
        over.set()
        thread.join()
        assert current().operations == 60_000
    assert current() is usual


def test_text_is_parsed_anew_under_other_limits() -> None:
    text = "a: [1, 2, 3]"
    assert parse(text)
    with raised(values=4), pytest.raises(GenotypeError, match="more than 4 values"):
        parse(text)




@pytest.mark.parametrize(("wrong", "words"), [
    (lambda: build("mobilenet-v2"), r"a genotype is needed, as load\('mobilenet-v2'\) gives one, not str"),
    (lambda: cost(None), "a genotype is needed, as load gives one, not NoneType"),
    (lambda: load("mobilenet-v2").with_input((3, 32, 64)), r"height and width, not \(3, 32, 64\)"),
    (lambda: cost(load("digits"), {1: 2}), "no hole is named 1"),
    (lambda: fill(load("digits"), {"c": "8"}), "no option '8'; the option is the int 8"),
    (lambda: build(load("mobilenet-v2"), features=()), "features names reductions"),
])
def test_what_a_program_gives_by_mistake_is_one_sentence(wrong: Callable[[], object], words: str) -> None:
    with pytest.raises(SearchspaceError, match=words):
        wrong()


def test_sizes_may_be_lists_and_arrays() -> None:
    wanted = cost(load("mobilenet-v2").with_input((32, 64)))
    for size in ([32, 64], np.array([32, 64])):
        assert cost(load("mobilenet-v2").with_input(size)) == wanted
