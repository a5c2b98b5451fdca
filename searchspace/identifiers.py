"""Valid names of blocks, steps, arguments, tensors, labels, variants and genotypes.

Names are used in messages, drawings, tables, databases and the code of built networks. So there is
one strict rule for all: names that look the same are the same, and no character has a meaning in
another language.
"""

import keyword
import re

from searchspace.errors import GenotypeError, Place

MAX_NAME = 100

_NAME = re.compile(r"(?!__)[A-Za-z0-9_][A-Za-z0-9_.-]*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SUM = re.compile(r"=[A-Za-z0-9_.,+*/() -]{1,60}")


def is_name(text: str) -> bool:
    """Whether a text may be a name at all: of a label, a variant, a genotype, a hole.

    >>> is_name("0.75-g3"), is_name("größe"), is_name("__class__")
    (True, False, False)
    """
    return len(text) <= MAX_NAME and _NAME.fullmatch(text) is not None


def is_part(text: str) -> bool:
    """Whether a name may be a part of a path: of a block, an operation. Paths are made of dots."""
    return is_name(text) and "." not in text and not keyword.iskeyword(text)


def is_word(text: str) -> bool:
    """Whether a formula can use the name: of an argument, a step, a tensor."""
    return is_part(text) and _WORD.fullmatch(text) is not None


def is_label(text: str) -> bool:
    """Whether an option may be its own label: a name, or arithmetic such as ``=cin/2``."""
    return is_name(text) or _SUM.fullmatch(text) is not None


def check_name(text: str, place: Place) -> None:
    """Raise GenotypeError for an invalid name."""
    if not is_name(text):
        raise GenotypeError(f"{show_name(text)} is no name: names are made of letters (a to z), "
                            "digits, '_', '-' and '.', begin with a letter, a digit or one '_', "
                            f"and have at most {MAX_NAME} characters", place)


def show_name(text: str) -> str:
    """An invalid name for messages, in quotes and with non-ASCII characters escaped."""
    return ascii(text) if len(text) <= MAX_NAME else f"{text[:MAX_NAME]!a}…"


def as_name(text: str) -> str:
    """The text if it is a valid name, else a similar valid name; for names of networks from those
    of studies.

    >>> as_name("my study, seed 1")
    'my-study-seed-1'
    """
    if is_name(text):
        return text
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("_.-")[:MAX_NAME] or "unnamed"
