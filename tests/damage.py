"""Damaged genotypes, by number: bundled files with their text, tokens or lines disturbed.

The same number gives the same text on every machine, so that a finding is one number.
"""

import random
import re
from functools import cache

from searchspace.load import LIBRARY
from searchspace.notation.sources import GENOTYPES

MARKS = "{}[],:-#&*!|>'\"%@`=+/()<> \n\t01239.eE_~?\\xaoé\0\x85\u2028\ufeff🙂"
NUMBERS = ("0", "-1", "1", "1.5", "1e15", "-1e15", "99999", "1000000", "1e-30", "1e400", "010", "0.1",
           "9999999999999999999", "true", "null", "[1, 2]", "[]", "{}", "=cin", "=x.h/3", "=1/0",
           "=pow(9, 99)", "!choice [1, 2]", "!int [1, 9]", "!solve [1, 2, 0.1]", "=round_to(1, 0.3)")
WORDS = ("conv", "dw", "linear", "pool", "gap", "act", "bn", "ln", "dropout", "shift", "scale", "lrn",
         "slice", "index", "shuffle", "softmax", "cpool", "attend", "add", "mul", "concat", "mean",
         "wsum", "beside", "pad", "resize", "zero", "split", "residual", "wire", "identity", "from", "as",
         "of", "repeat", "first", "each", "when", "in", "out", "args", "body", "blocks", "net", "input",
         "base", "steps", "variants", "fill", "default", "use", "everywhere", "k", "stride", "groups",
         "x", "_", "none", "loose", "true", "false", "__class__", "import", "version", "table")
TAGS = ("!choice", "!int", "!solve", "!graph", "!!python/object", "&a", "*a", "<<", "!")


@cache
def bundled() -> tuple[str, ...]:
    """The texts of all bundled genotypes, spaces and blocks."""
    files = sorted((*GENOTYPES.rglob("*.yaml"), *LIBRARY.glob("*.yaml")))
    return tuple(path.read_text(encoding="utf-8") for path in files)


def damaged(number: int, texts: tuple[str, ...] = ()) -> str:
    """The damaged text of this number; of ``texts``, or of a bundled file."""
    rng = random.Random(number)
    texts = texts or bundled()
    text = rng.choice(texts)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        text = rng.choice(KINDS)(text, rng, texts)
    return text


def _cut(text: str, rng: random.Random, texts: tuple[str, ...]) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + text[at + rng.choice((1, 1, 1, 3, 20, 400)):]


def _put(text: str, rng: random.Random, texts: tuple[str, ...]) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + "".join(rng.choices(MARKS, k=rng.randint(1, 3))) + text[at:]


def _over(text: str, rng: random.Random, texts: tuple[str, ...]) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(MARKS) + text[at + 1:]


def _replaced(text: str, rng: random.Random, pattern: str, new: str) -> str:
    spans = [match.span() for match in re.finditer(pattern, text)]
    if not spans:
        return text
    start, end = rng.choice(spans)
    return text[:start] + new + text[end:]


def _number(text: str, rng: random.Random, texts: tuple[str, ...]) -> str:
    return _replaced(text, rng, r"(?<![\w@.])[-+]?\d+(\.\d+)?(?![\w.])", rng.choice(NUMBERS))


def _word(text: str, rng: random.Random, texts: tuple[str, ...]) -> str:
    own = re.findall(r"[a-z_]\w*", text)
    return _replaced(text, rng, r"[a-z_]\w*", rng.choice(own if own and rng.random() < 0.6 else WORDS))


def _value(text: str, rng: random.Random, texts: tuple[str, ...]) -> str:
    """What stands behind a colon, exchanged for another's, a number or a list."""
    other = re.findall(r": ([^,{}\[\]\n]+)", rng.choice(texts))
    new = rng.choice(other) if other and rng.random() < 0.5 else rng.choice(NUMBERS)
    return _replaced(text, rng, r"(?<=: )[^,{}\[\]\n]+", new)


def _formula(text: str, rng: random.Random, texts: tuple[str, ...]) -> str:
    part = rng.choice(("*0", "/7", "-99999", "*1e9", ".c", "(", ")", "+cin", "/0", " if x else 1", "**2",
                       "//2", "%2", "@x", "[0]", ".__class__", "*x.h", " > 2", " and 1", "'"))
    return _replaced(text, rng, r"(?<=\w)(?=[,}\n ])", part)


def _tag(text: str, rng: random.Random, texts: tuple[str, ...]) -> str:
    return _replaced(text, rng, r"(?<=[:\-\[,] )(?=\S)", rng.choice(TAGS) + " ")


def _line(text: str, rng: random.Random, texts: tuple[str, ...]) -> str:
    """Lines taken out, doubled, moved, or taken from another file."""
    lines = text.split("\n")
    source = rng.choice(texts).split("\n") if rng.random() < 0.4 else lines
    here, length = rng.randrange(len(lines)), rng.choice((0, 1, 1, 2, 5))
    at = rng.randrange(len(source))
    lines[here:here + length] = rng.choice(([], [source[at]], source[at:at + rng.choice((2, 8))]))
    return "\n".join(lines)


def _bracket(text: str, rng: random.Random, texts: tuple[str, ...]) -> str:
    """A list or mapping exchanged for another one, emptied, or put into itself."""
    pattern = r"\{[^{}\n]*\}|\[[^\[\]\n]*\]"
    spans = [match.span() for match in re.finditer(pattern, text)]
    if not spans:
        return text
    (a, b), (c, d) = rng.choice(spans), rng.choice(spans)
    new = rng.choice((text[c:d], "{}", "[]", f"[{text[a:b]}]", f"{{a: {text[a:b]}}}"))
    return text[:a] + new + text[b:]


KINDS = (_cut, _put, _over, _number, _number, _number, _word, _word, _value, _value, _formula, _tag,
         _line, _line, _bracket)
