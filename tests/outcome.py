"""What becomes of any genotype: a network that is what it says, or one sentence."""

import random
import re
from pathlib import Path
from typing import Any

from searchspace import Genotype, SearchspaceError, fill, load, to_yaml
from searchspace.errors import MAX_SENTENCE
from searchspace.expansion import run, trace
from searchspace.notation.holes import Hole


def sentence(error: SearchspaceError) -> str:
    """The error's text, which is one line of reasonable length and names no type of Python's."""
    text = str(error)
    assert "\n" not in text and text.isprintable(), text
    assert len(text) <= MAX_SENTENCE + 700, text         # the place, its path and the caller beside it
    assert not re.search(r"<class '|object at 0x|Traceback|\b(Closure|Scalar|Seq|Map|Tagged|NoneType)\b",
                         text), text
    return text


def drawn(genotype: Genotype, decisions: dict[str, Any] | None = None) -> tuple[Any, ...]:
    """The graph with its names, and what was noted."""
    found = trace(genotype, decisions)
    return (found.input, [(n.name, n.op, n.inputs, n.shape, n.cost) for n in found.nodes],
            found.output, found.notes)


def outcome(path: Path, number: int = 0) -> Genotype | str:
    """The network that a file and a random number mean, or the sentence that refuses it.

    A network has the same costs with and without names, is what filling its space gives, and reads
    back as itself. Whatever is not so, or raises anything else, is a fault.
    """
    try:
        genotype = load(path)
        made: dict[str, Any] = {}

        def decide(name: str, hole: Hole) -> Any:
            made[name] = random.Random(f"{number} {name}").choice(hole.labels)
            return made[name]

        expansion = trace(genotype, decide)
        network = fill(genotype, made) if genotype.is_space else genotype
    except SearchspaceError as error:
        return sentence(error)
    assert not network.is_space
    assert run(network).cost() == expansion.cost() == run(genotype, made).cost()
    for one in (genotype, network):
        text = to_yaml(one)
        path.with_name("again.yaml").write_text(text, encoding="utf-8")
        again = load(path.with_name("again.yaml"))
        assert to_yaml(again) == text
        assert drawn(again, made if one is genotype else None) == drawn(network), text
    return network
