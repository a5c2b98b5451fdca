"""Broken genotypes: one sentence with file, line, path inside it and the nearest known name.

Whatever a file holds, reading, expanding and writing it end in a result or in such a sentence, soon.
"""

import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outcome import sentence

from searchspace import (
    Genotype,
    GenotypeError,
    SearchspaceError,
    UnknownNameError,
    load,
    published,
    to_yaml,
)
from searchspace.errors import MAX_SENTENCE, nearest
from searchspace.expansion import run, trace
from searchspace.load import LIBRARY
from searchspace.notation.reader import parse
from searchspace.notation.sources import GENOTYPES

Write = Callable[..., Path]

HEAD = "name: net\ninput: [8, 16, 16]\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}']*9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
LADDER = "a0: &a0 " + "["*50 + "]"*50 + "\n" + "".join(
    f"a{i}: &a{i} " + "["*5 + f"*a{i - 1}" + "]"*5 + "\n" for i in range(1, 300))


def nested(leaf: str, levels: int, call: str = "{body: [b%d: , b%d: ]}") -> str:
    """Blocks that each call the one before twice: 2^levels uses of the leaf."""
    lines = [f"  b{i}: {call.replace('%d', str(i - 1))}" for i in range(1, levels + 1)]
    return "blocks:\n  b0: {body: [" + leaf + "]}\n" + "\n".join(lines) + f"\nnet: [b{levels}: ]"


# The document, the line and path that the sentence names, and its words.
BROKEN: dict[str, tuple[str | bytes, str, str]] = {
    "unknown operation": ("net:\n  - cnov: {out: 3}", "4 (net[0])",
                          "no operation or block is named 'cnov'; did you mean 'conv'?"),
    "unknown block": ("net:\n  - mbcov: {out: 3}", "4 (net[0])",
                      "no operation or block is named 'mbcov'; did you mean 'mbconv'?"),
    "unknown parameter": ("net:\n  - gap:\n  - conv: {out: 3, strid: 2}", "5 (net[1].conv.strid)",
                          "conv has no parameter 'strid'; did you mean 'stride'?"),
    "misspelt reserved word": ("net:\n  - act: {repaet: 2}", "4 (net[0].act.repaet)",
                               "act has no parameter 'repaet'; did you mean 'repeat'?"),
    "misspelt top key": ("nett: [gap: ]", "3 (nett)", "a genotype has no 'nett'; did you mean 'net'?"),
    "missing parameter": ("net:\n  - conv: {k: 3}", "4 (net[0])", "conv needs out"),
    "wrong word": ("net:\n  - conv: {out: 3, act: rleu}", "4 (net[0].conv.act)",
                   "did you mean 'relu'?"),
    "groups that do not divide": ("net:\n  - conv: {out: 9, groups: 4}", "4 (net[0])",
                                  "conv: groups (4) must divide the input channels (8) and out (9)"),
    "no probability": ("net:\n  - dropout: {p: 5}", "4 (net[0].dropout.p)",
                       "p: a number from 0 to 1 expected, not 5"),
    "no room in a division": ("net:\n  - conv: {out: 8, eps: 0}", "4 (net[0].conv.eps)",
                              "eps: a number from 1e-12 to 1 expected, not 0"),
    "nor in this one": ("net:\n  - bn: {eps: -1}", "4 (net[0].bn.eps)",
                        "eps: a number from 1e-12 to 1 expected, not -1"),
    "name that is a payload": ("net:\n  - conv: {out: 8, as: 'a\", open(\"b\", \"w\")) #'}",
                               "4 (net[0].conv.as)", "as takes names (letters, digits, _"),
    "name with a control character": ('blocks: {"a\\e[2Jb": {body: [act: ]}}\nnet: [act: ]', "3 (blocks)",
                                      r"'a\x1b[2Jb' is no name: names are made of"),
    "step with a word of Python": ("net: [act: {as: class}]", "3 (net[0].act.as)", "not 'class'"),
    "block with a dot": ("blocks: {a.b: {body: [act: ]}}\nnet: [a.b: ]", "3 (blocks.a.b)",
                         "'a.b' cannot name a block"),
    "tensor that is none": ("blocks: {p: {in: {a-b: }, body: [act: ]}}\nnet: [p: ]", "3 (blocks.p.in.a-b)",
                            "'a-b' cannot name a tensor"),
    "label that is none": ("net: [conv: {out: 8, act: !choice ['a b', relu]}]", "3 (net[0].conv.act[0])",
                           "'a b' is no name, and so no label of itself"),
    "genotype without a name of the rule": ("name: 'a/b'\ninput: [8, 4, 4]\nnet: [act: ]", "1 (name)",
                                            "'a/b' is no name"),
    "groups inside a block": (
        "blocks:\n  b:\n    args: {g: }\n    body:\n      - conv: {out: 8, groups: =g}\n"
        "net:\n  - act:\n  - b: {g: 3}", "7 (blocks.b.body[0])", "[used at net.yaml:10 (net[1])]"),
    "duplicate key": ("net:\n  - conv:\n      out: 3\n      out: 4", "6 (net[0].conv)",
                      "key 'out' stands here twice"),
    "duplicate section": ("net: [gap: ]\nnet: [act: ]", "4", "key 'net' stands here twice"),
    "missing from": ("net:\n  - act: {as: a}\n  - residual:", "5 (net[1].residual)",
                     "residual needs 'from'"),
    "unknown tensor": ("net:\n  - act: {as: stem}\n  - act: {from: stme}", "5 (net[1])",
                       "no tensor 'stme' so far; did you mean 'stem'?"),
    "shapes that differ": (
        "net:\n  - act: {as: a}\n  - conv: {out: 8, stride: 2, as: b}\n  - add: {from: [a, b]}",
        "6 (net[2])", "add: the inputs differ in size: 8×16×16, 8×8×8"),
    "block cycle": ("blocks:\n  a: {body: [b: ]}\n  b: {body: [a: ]}\nnet: [a: ]", "4 (blocks.a)",
                    "block 'a' calls itself: a → b → a"),
    "block handed to itself": ("blocks:\n  f: {args: {g: }, body: [=g: {g: =g}]}\n"
                               "net: [f: {g: {f: }}]", "4 (blocks.f.body[0])", "levels deep"),
    "base cycle": ("name: net\nbase: net.yaml", "2 (base)", "leads back to this file"),
    "unknown base": ("name: net\nbase: sinett", "2 (base)", "did you mean 'sinet'?"),
    "open hole": ("net:\n  - conv: {out: !choice [3, 5]}", "4 (net[0].conv.out)",
                  "hole 'conv.out' is open; decide it (options: 3, 5)"),
    "a table that names no hole": ("table: {arch: abc}\nnet: [gap: ]", "3",
                                   "table: in the column 'arch' a {hole} stands for each decision"),
    "unused argument": ("args: {w: 1}\nnet: [gap: ]", "3 (args.w)", "'w' of the network is never used"),
    "first without repeat": ("net:\n  - act: {first: {fn: relu6}}", "4 (net[0].act.first)",
                             "'first' has no effect without 'repeat'"),
    "name taken": ("net:\n  - act: {as: a}\n  - act: {as: a}", "5 (net[1])", "the name 'a' is taken"),
    "negative repeat": ("net:\n  - act: {repeat: -1}", "4 (net[0].act.repeat)", "from 0 to 1000, not -1"),
    "huge repeat": ("net:\n  - act: {repeat: 1e9}", "4 (net[0].act.repeat)", "not 1000000000"),
    "comma in a formula": ("net:\n  - conv: {out: =round_to(9, 8)}", "4 (net[0].conv)",
                           "with a comma inside {...} or [...] stands in quotes"),
    "hostile formula": ("net:\n  - conv: {out: =9**9**9}", "4 (net[0].conv.out)",
                        "formula '=9**9**9': the operators are + - * /"),
    "attribute access": ("net:\n  - conv: {out: =x.__class__}", "4 (net[0].conv.out)",
                         "after a tensor's name stands .c, .h or .w"),
    "octal or decimal": ("net:\n  - conv: {out: 010}", "4 (net[0].conv.out)",
                         "010 reads differently in different YAML versions"),
    "grouped digits": ("net:\n  - conv: {out: 1_000}", "4 (net[0].conv.out)", "reads differently"),
    "hexadecimal": ("net:\n  - conv: {out: 0x10}", "4 (net[0].conv.out)", "reads differently"),
    "on is a word": ("net:\n  - conv: {out: 8, bn: on}", "4 (net[0].conv.bn)",
                     "bn: true or false expected, not 'on'"),
    "1:30 is a word": ("net:\n  - conv: {out: 1:30}", "4 (net[0].conv.out)", "not '1:30'"),
    "not a number": ("net:\n  - conv: {out: .nan}", "4 (net[0].conv.out)", "not '.nan'"),
    "huge integer": (f"net:\n  - conv: {{out: {'9'*5000}}}", "4 (net[0].conv.out)", "too large"),
    "huge float": ("net:\n  - conv: {out: 1e999}", "4 (net[0].conv.out)", "too large"),
    "many channels": ("net:\n  - conv: {out: 1e12}", "4 (net[0])", "channels are more than"),
    "long text": (f"net:\n  - conv: {{out: {'x '*9999}}}", "4 (net[0].conv.out)", "not 'x x x"),
    "long key": (f"net:\n  - {'x'*900}: {{out: 3}}", "4 (net[0])", "have at most 100 characters"),
    "key with a line break": ('"a\\nb": 3', "3", r"'a\nb' is no name: names are made of"),
    "key that is a list": ("? [a, b]\n: 3", "3", "a key must be a plain word"),
    "empty": ("", "1", "the file is empty"), "only a comment": ("# net", "1", "the file is empty"),
    "only null": ("~", "1", "the file is empty"),
    "plain text": ("hello there", "1", "a mapping was expected at the top level, not 'hello there'"),
    "a list": ("- name: net", "1", "a mapping was expected at the top level, not a list"),
    "a hole": ("!choice [a, b]", "1", "a mapping was expected at the top level, not a !choice hole"),
    "binary": (b"\x7fELF\x02\x01\x00\x00", "1", "not valid YAML"),
    "control characters": (b"name: \x01", "1", "not valid YAML"),
    "unclosed bracket": ("net: [gap: ", "4", "not valid YAML"),
    "tab": ("net:\n\t- gap:", "4", "not valid YAML"),
    "bad directive": ("%YAML 9.9\n---\nname: net", "1", "not valid YAML"),
    "several documents": ("name: a\n---\nname: b", "2", "a file holds one document"),
    "alias bomb": (BOMB, "6 (f[0])", "more than 100,000 values once aliases are expanded"),
    "ladder of aliases": (LADDER, "3 (a2[0][0][0][0][0])", "nested deeper than 60 levels"),
    "alias in itself": ("net: &a [*a]", "3 (net[0])", "alias *a stands before, or inside, its anchor"),
    "alias of nothing": ("net: *a", "3 (net)", "alias *a stands before"),
    "Python tag": ("net:\n  - conv: {out: !!python/object/apply:os.system [ls]}",
                   "4 (net[0].conv.out)", "tag !!python/object/apply:os.system is not allowed"),
    "Python tag on a key": ("!!python/name:os.system net: [gap: ]", "3", "a key must be a plain word"),
    "standard tag": ("net:\n  - conv: {out: !!int 8}", "4 (net[0].conv.out)", "tag !!int is not allowed"),
    "misspelt tag": ("net:\n  - conv: {out: !chioce [1, 2]}", "4 (net[0].conv.out)",
                     "tag !chioce is not allowed; did you mean 'choice'?"),
    "merge key": ("net:\n  - conv: {<<: {out: 3}}", "4 (net[0].conv)", "merge keys (<<) are not part"),
    "deep brackets": ("net: " + "["*50_000, "3", "nested deeper than 60 levels"),
    "deep braces": ("{a: "*5000, "1", "nested deeper than 60 levels"),
    "deep indentation": ("\n".join(" "*i + "a:" for i in range(500)), "62", "nested deeper than 60"),
    "a megabyte": ("# " + "x"*1_000_001, "1", "1,000,003 characters are more than the 1,000,000"),
    "2^30 operations": (nested("act: ", 30), "4 (blocks.b0.body[0])", "more than 50,000 operations"),
    "2^30 steps of nothing": (nested("identity: ", 30), "5 (blocks.b1", "more than 300,000 steps"),
    "1000^4 repeats of nothing": (nested("identity: ", 4, "{body: [b%d: {repeat: 1000}]}"),
                                  "5 (blocks.b1.body[0])", "more than 300,000 steps"),
    "900 blocks in a chain": (nested("act: ", 900, "{body: [b%d: ]}"), "", "60 levels deep"),
}


def whole(path: Path) -> Genotype:
    genotype = load(path)
    trace(genotype, lambda _, hole: hole.labels[0])
    to_yaml(genotype)
    return genotype


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_genotype_gets_one_sentence_with_its_place(name: str, genotype_file: Write) -> None:
    text, place, words = BROKEN[name]
    path = genotype_file("- gap:")
    bare = isinstance(text, bytes) or place == "1" or text.startswith("name") or name in (
        "alias bomb", "ladder of aliases", "deep indentation", "bad directive")
    path.write_bytes(text if isinstance(text, bytes) else (text if bare else HEAD + text).encode())
    start = time.process_time()
    with pytest.raises(SearchspaceError) as caught:
        trace(load(path))
    with pytest.raises(SearchspaceError) as again:      # costs alone are refused alike
        run(load(path))
    assert str(again.value) == str(caught.value)
    assert time.process_time() - start < 10
    said = sentence(caught.value).replace(f"{path.parent}/", "")
    assert words in said
    assert said.startswith(f"net.yaml:{place}"), said
    if not place.endswith(")") and place.isdigit():
        assert re.match(rf"net\.yaml:{place}(:| \()", said)


@pytest.mark.parametrize(("spelling", "value"), [("1e2", 100), ("1.0e+2", 100), ("+100", 100),
                                                 ("100.0", 100), ("0100", None), ("1E2", 100)])
def test_numbers_are_what_they_look_like(spelling: str, value: int | None) -> None:
    if value is None:
        with pytest.raises(GenotypeError, match="reads differently"):
            parse(f"a: {spelling}")
    else:
        assert parse(f"a: {spelling}")["a"].value == value


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "y", "n", "1:30", "2001-01-01", ".inf",
                                  "Null", "True", "=", "1.2.3", "0.1.", "1e", "+", ".", "1e1.5"])
def test_words_of_older_yaml_are_words(word: str) -> None:
    assert parse(f"a: {word}")["a"].value == word


def test_a_file_that_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="there is no file"):
        load(tmp_path / "missing.yaml")
    with pytest.raises(GenotypeError, match=r"cannot read .*: Is a directory"):
        load(tmp_path)
    (tmp_path / "latin.yaml").write_bytes("name: \xe9t\xe9".encode("latin-1"))
    with pytest.raises(GenotypeError, match="it is not UTF-8 text"):
        load(tmp_path / "latin.yaml")


@pytest.mark.parametrize(("name", "hint"), [
    ("sinett", "did you mean 'sinet'"), ("SINet", "'sinet'"), ("mobilenet-v2@1.5", "no variant '1.5'"),
    ("", "no bundled genotype"), ("\0", "no bundled genotype"), ("x"*5000, "no bundled genotype"),
    ("/" + "x"*5000, "there is no file"), ("..", "no bundled genotype"), ("./", "cannot read"), ("@", "no bundled genotype")])
def test_a_name_that_nothing_has(name: str, hint: str) -> None:
    with pytest.raises(SearchspaceError) as caught:
        load(name)
    assert hint in str(caught.value) and "\n" not in str(caught.value)
    assert len(str(caught.value)) <= MAX_SENTENCE


def test_the_command_line_says_one_sentence(genotype_file: Write) -> None:
    path = genotype_file("- cnov: {out: 3}")
    done = subprocess.run([sys.executable, "-m", "searchspace", str(path)], capture_output=True,
                          text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 2 and "did you mean 'conv'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_nearest_name_is_told_quickly() -> None:
    start = time.process_time()
    assert nearest("cnov", ["conv", "linear"]) == "; did you mean 'conv'?"
    assert nearest("zzz", ["conv", "linear"]) == "; known: conv, linear"
    assert nearest("zzz", map(str, range(100))) == ""
    nearest("ab"*100_000, (f"ab{i}" for i in range(2000)))
    assert time.process_time() - start < 5


# --- any damage to a good file ------------------------------------------------------------------

FILES = sorted((*GENOTYPES.rglob("*.yaml"), *LIBRARY.glob("*.yaml")))
TEXTS = {p.stem: p.read_text(encoding="utf-8") for p in FILES}
MARKS = "{}[],:-#&*!|>'\"%@`=+/()<> \n\t01239.eE_~?\\xaoé\0\x85\u2028\ufeff🙂"


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A bundled file with characters, words or lines taken out, put in, doubled or exchanged."""
    text = TEXTS[draw(st.sampled_from(sorted(TEXTS)))]
    other = TEXTS[draw(st.sampled_from(sorted(TEXTS)))]
    rng = random.Random(draw(st.integers(0, 2**32)))
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["cut", "put", "swap", "word", "number", "line", "graft"]))
        at = rng.randrange(len(text) + 1)
        if kind == "cut":
            text = text[:at] + text[at + rng.choice([1, 1, 1, 3, 20]):]
        elif kind == "put":
            text = text[:at] + draw(st.text(MARKS, min_size=1, max_size=3)) + text[at:]
        elif kind == "swap":
            text = text[:at] + rng.choice(MARKS) + text[at + 1:]
        elif kind in ("word", "number"):
            spans = list(re.finditer(r"[a-z_]+" if kind == "word" else r"\d+(\.\d+)?", text))
            if spans:
                a, b = rng.choice(spans), rng.choice(spans)
                new = b[0] if kind == "word" else rng.choice(
                    ["0", "-1", "1.5", "1e15", "99999", "true", "[1, 2]", "", "=cin", "=x.h/3"])
                text = text[:a.start()] + new + text[a.end():]
        else:
            lines, from_ = text.split("\n"), (other if kind == "graft" else text).split("\n")
            here = rng.randrange(len(lines))
            lines[here:here + rng.choice([0, 1, 2])] = rng.choice([[], [rng.choice(from_)]])
            text = "\n".join(lines)
    return text


@settings(max_examples=250, suppress_health_check=list(HealthCheck))
@given(text=damaged())
def test_any_damage_gives_a_genotype_or_a_sentence(genotype_file: Write, text: str) -> None:
    path = genotype_file("- gap:")
    path.write_text(text, encoding="utf-8", newline="")
    start = time.process_time()
    try:
        whole(path)
    except SearchspaceError as error:
        assert sentence(error)
    assert time.process_time() - start < 10


@settings(max_examples=150)
@given(text=st.text(MARKS, max_size=60))
def test_any_text_is_a_tree_or_a_sentence(text: str) -> None:
    for document in (text, f"net: {text}", f"name: net\ninput: [3, 8, 8]\nnet:\n  - {text}"):
        try:
            parse(document, "net.yaml")
        except SearchspaceError as error:
            assert re.match(r"net\.yaml:\d+", sentence(error))


@settings(max_examples=50)
@given(data=st.binary(max_size=40))
def test_any_bytes_give_a_sentence(genotype_file: Write, data: bytes) -> None:
    path = genotype_file("- gap:")
    path.write_bytes(data)
    with pytest.raises(SearchspaceError) as caught:
        load(path)
    assert sentence(caught.value)


def test_bundled_files_are_whole() -> None:
    assert published() and all(p.stem in TEXTS for p in GENOTYPES.glob("*.yaml"))
    for path in GENOTYPES.rglob("*.yaml"):
        assert whole(path)
