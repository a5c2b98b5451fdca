"""Making a hole of a number in a text, and finding the number there."""

import re
from dataclasses import dataclass

from searchspace import GenotypeError, SearchspaceError
from searchspace.load import loads

_NUMBER = re.compile(r"(?<![\w.=+*/-])-?\d+(?:\.\d+)?(?![\w.*/(])")
_KEY = re.compile(r"([A-Za-z_]\w*)\s*:\s*\Z")
_INSIDE = re.compile(r"!(?:choice|int|solve|graph)\s*[\[{][^\]}]*\Z")
_WHOLE_RANGE = ("repeat", "n")       # holes that are counts are ranges


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a text: where it begins and ends, and the key that it stands under."""

    start: int
    end: int
    text: str
    key: str


def number_at(text: str, position: int) -> Number | None:
    """The number at a position of a text (characters from 0) that a hole can stand for.

    >>> number_at("- conv: {out: 32, k: 3}", 21)
    Number(start=21, end=22, text='3', key='k')
    """
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[start:end if end >= 0 else len(text)]
    code = re.split(r"(?:^|\s)#", line)[0]
    for match in _NUMBER.finditer(code):
        if match.start() <= position - start <= match.end():
            key = _KEY.search(code[:match.start()])
            if key is None or _INSIDE.search(code[:match.start()]):
                return None
            return Number(start + match.start(), start + match.end(), match[0], key[1])
    return None


def options(number: Number) -> str:
    """The hole that suits a number: its neighbours, as a person would first try them.

    >>> options(Number(0, 1, "3", "k")), options(Number(0, 2, "32", "out"))
    ('!choice [1, 3, 5]', '!choice [16, 24, 32, 40, 48]')
    """
    if "." in number.text:
        value = float(number.text)
        near = [round(value * share, 4) for share in (0.5, 0.75, 1.0, 1.25, 1.5)]
        return f"!choice [{', '.join(f'{n:g}' for n in dict.fromkeys(near))}]"
    value = int(number.text)
    if number.key in _WHOLE_RANGE:
        return f"!int [1, {max(value + 2, 3)}]"
    if number.key == "k":
        ks = [k for k in (value - 2, value, value + 2) if k > 0]
        ks += [ks[-1] + 2] if len(ks) < 3 else []
        return f"!choice [{', '.join(map(str, ks))}]"
    if value < 8:
        near_by = range(max(1, value - 1), value + 2)
        return f"!choice [{', '.join(map(str, near_by))}]"
    step = value // 4
    widths = (value - 2 * step, value - step, value, value + step, value + 2 * step)
    return f"!choice [{', '.join(map(str, widths))}]"


def opened(text: str, position: int, file: str, variant: str | None) -> str:
    """The text with a hole in place of the number at a position.

    Raises:
        SearchspaceError: there is no number, or no hole can stand there.
    """
    number = number_at(text, position)
    if number is None:
        raise SearchspaceError("put the cursor on a number behind a key, like the 3 of k: 3")
    made = text[:number.start] + options(number) + text[number.end:]
    try:
        if loads(made, file, variant).is_space:
            return made
    except GenotypeError as error:
        raise SearchspaceError(f"no hole can stand there: {error.message}") from None
    raise SearchspaceError("a hole there would have no effect on this variant")
