"""Holes: what a search may decide, their names, and filling them.

A hole is decided once for each place where it is written: in a block's body for all uses of the
block, on a stage line for that stage, with ``each: true`` once for every repeat. Its name is its
path through ``as`` names, so that decisions can be read and survive an inserted step.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from .errors import GenotypeError, Place, UnknownNameError, nearest
from .formula import exact
from .graphs import GENERATORS, draw
from .tree import NOWHERE, Atom, Map, Scalar, Seq, Tagged, Tree, describe

MAX_OPTIONS = 10_000

Decisions = Mapping[str, Atom]


@dataclass(frozen=True, slots=True)
class Hole:
    """A named hole. ``each``: decided per repeat, under the names ``name.0``, ``name.1``, …

    ``parents`` are the labelled choices around it, with the label under which it exists.
    ``common`` holds ``as`` and ``from`` of a choice between whole steps.
    """

    name: str
    kind: str                                     # choice, int, solve or graph
    labels: tuple[Atom, ...]                      # static scalars: what a sampler sees
    trees: tuple["Tree | Hole", ...]              # what stands there; empty for a drawn graph
    each: bool = False
    parents: tuple[tuple[str, Atom], ...] = ()
    common: Map = field(default_factory=lambda: Map({}))
    place: Place = field(default=NOWHERE, compare=False)

    def option(self, label: Atom) -> int:
        """The number of the option ``label``; GenotypeError where there is none."""
        try:
            index = self.labels.index(label)
        except ValueError:
            index = -1
        if index < 0 or isinstance(label, bool) != isinstance(self.labels[index], bool):
            shown = nearest(label, (str(k) for k in self.labels))
            raise GenotypeError(f"hole {self.name!r} has no option {label!r}{shown}", self.place)
        return index

    def tree(self, label: Atom) -> "Tree | Hole":
        """What the decision ``label`` puts in this place; GenotypeError for no such option."""
        index = self.option(label)
        return self.trees[index] if self.trees else self._drawn(self.labels[index])

    def _drawn(self, label: Atom) -> Tree:
        generator, parameters = next(iter(self.common.items.items()))
        assert isinstance(parameters, Map) and isinstance(label, int)
        edges = draw(generator, parameters, seed=label)
        return Seq(tuple(Seq((Scalar(a), Scalar(b)), self.place) for a, b in edges), self.place)


def step_parts(tree: "Tree | Hole") -> tuple[str, Map] | None:
    """Key and parameters of a step as written; None where the tree is no step."""
    if isinstance(tree, Scalar) and isinstance(tree.value, str):
        return tree.value, Map({}, tree.place)
    if isinstance(tree, Map) and len(tree) == 1:
        (key, params), = tree.items.items()
        if isinstance(params, Scalar) and params.value is None:
            return key, Map({}, params.place)
        if isinstance(params, Map):
            return key, params
    return None


def given_name(params: Map) -> str | None:
    """The single ``as`` name of a step's parameters."""
    tree = params.get("as")
    return tree.value if isinstance(tree, Scalar) and isinstance(tree.value, str) else None


def step_labels(steps: tuple["Tree | Hole", ...]) -> list[str]:
    """A name for each step of a body: its ``as`` name, or its key, numbered where not unique."""
    keys: list[tuple[str, bool]] = []
    for tree in steps:
        common = tree.common if isinstance(tree, Hole) else None
        parts = ("choice", common) if common is not None else step_parts(tree)
        name = given_name(parts[1]) if parts else None
        keys.append((name, True) if name else (parts[0].lstrip("=") if parts else "?", False))
    counts = Counter([key for key, _ in keys] + _tensor_names(steps))
    numbers: Counter[str] = Counter()
    labels = []
    for key, named in keys:
        label = key
        while not named and counts[label] > (label == key):  # a given name may look like conv2
            numbers[key] += 1
            label = f"{key}{numbers[key]}"
        labels.append(label)
    return labels


def _tensor_names(steps: tuple["Tree | Hole", ...]) -> list[str]:
    """The names that steps with several outputs give: those of a split name its slices."""
    parts = [step_parts(tree) for tree in steps]
    lists = [p[1].get("as") for p in parts if p]
    return [str(t.value) for names in lists if isinstance(names, Seq)
            for t in names if isinstance(t, Scalar)]


def branch_steps(of: "Tree | Hole") -> tuple["Tree | Hole", ...]:
    """All steps of inline branches, in order: an item is a tensor's name, a step, or a list."""
    if not isinstance(of, Seq):
        return ()
    steps: list[Tree | Hole] = []
    for item in of:
        if isinstance(item, Seq):
            steps.extend(item)
        elif not isinstance(item, Scalar):
            steps.append(item)
    return tuple(steps)


# --- naming -------------------------------------------------------------------------------------

Parents = tuple[tuple[str, Atom], ...]


def name_holes(document: Map) -> Map:
    """The document with every tag turned into a named `Hole`.

    Raises:
        GenotypeError: a hole is malformed, stands where it gets no name, or shares a name.
    """
    namer = _Namer()
    items = dict(document.items)
    if isinstance(args := document.get("args"), Map):
        items["args"] = namer.value(args, "", False, ())
    if isinstance(blocks := document.get("blocks"), Map):
        named = {name: namer.block(tree, name) for name, tree in blocks.items.items()}
        items["blocks"] = Map(named, blocks.place)
    if isinstance(net := document.get("net"), Seq):
        items["net"] = namer.body(net, "")
    return Map(items, document.place)


class _Namer:
    def __init__(self) -> None:
        self.seen: dict[str, Place] = {}

    def block(self, tree: Tree, name: str) -> Tree:
        if not isinstance(tree, Map):
            return tree
        items = dict(tree.items)
        if isinstance(args := tree.get("args"), Map):
            items["args"] = self.value(args, name, False, ())
        if isinstance(body := tree.get("body"), Seq):
            items["body"] = self.body(body, name)
        return Map(items, tree.place)

    def body(self, body: Seq, prefix: str, parents: Parents = ()) -> Seq:
        return Seq(self.steps(body.items, prefix, parents), body.place)

    def steps(self, steps: tuple[Tree, ...], prefix: str, parents: Parents) -> tuple[Tree, ...]:
        keys = [parts[0] for s in steps if (parts := step_parts(s)) and not given_name(parts[1])]
        return tuple(self.step(s, prefix, keys, parents) for s in steps)

    def step(self, tree: Tree, prefix: str, unnamed: list[str], parents: Parents) -> Tree:
        if isinstance(tree, Tagged):
            return self.step_choice(tree, prefix, parents)  # type: ignore[return-value]
        parts = step_parts(tree)
        if parts is None or not isinstance(tree, Map):
            return tree
        key, params = parts
        name = given_name(params)
        word = key.lstrip("=")
        path = _join(prefix, f"{name}.{word}" if name else word)
        before = len(self.seen)
        filled = self.params(params, path, parents)
        if len(self.seen) > before and name is None and unnamed.count(key) > 1:
            raise GenotypeError(f"a hole in one of several unnamed {key!r} steps needs a name that "
                                "lasts: give the step `as`", tree.place)
        return Map({key: filled}, tree.place)

    def params(self, params: Map, path: str, parents: Parents) -> Map:
        each = params.get("each") == Scalar(True)
        items: dict[str, Tree] = {}
        for name, tree in params.items.items():
            if name == "of" and isinstance(tree, Seq):
                items[name] = self.branches(tree, path, parents)
            else:
                per_repeat = each and name not in ("from", "repeat", "when", "first")
                items[name] = self.value(tree, _join(path, name), per_repeat, parents)
        return Map(items, params.place)

    def branches(self, of: Seq, path: str, parents: Parents) -> Seq:
        steps = iter(self.steps(branch_steps(of), path, parents))  # type: ignore[arg-type]
        items: list[Tree] = []
        for item in of:
            if isinstance(item, Seq):
                items.append(Seq(tuple(next(steps) for _ in item), item.place))
            else:
                items.append(item if isinstance(item, Scalar) else next(steps))
        return Seq(tuple(items), of.place)

    def step_choice(self, tree: Tagged, prefix: str, parents: Parents) -> Hole:
        if tree.tag != "choice" or not isinstance(tree.body, Map):
            raise GenotypeError("a choice between steps is written !choice {label: step, ...}",
                                tree.place)
        common = Map({k: t for k, t in tree.body.items.items() if k in ("as", "from")},
                     tree.body.place)
        name = given_name(common)
        if name is None:
            raise GenotypeError("a choice between steps needs a name: !choice {as: NAME, ...}",
                                tree.place)
        path = _join(prefix, name)
        if "from" in common:
            common = common.but(**{"from": self.value(common["from"], f"{path}.from", False,
                                                      parents)})
        options: dict[Atom, Tree] = {}
        for label, option in tree.body.items.items():
            if label in ("as", "from"):
                continue
            inner, inside = f"{path}.{label}", (*parents, (path, label))
            parts = step_parts(option)
            if parts is None:
                raise GenotypeError(f"option {label!r} is no step, but {describe(option)}",
                                    option.place)
            clash = [w for w in ("as", "from") if w in parts[1]]
            if clash:
                raise GenotypeError(f"{clash[0]!r} stands beside the labels of a choice between "
                                    "steps, not inside one", parts[1].place)
            options[label] = Map({parts[0]: self.params(parts[1], inner, inside)}, option.place)
        if not options:
            raise GenotypeError("!choice has no options", tree.place)
        return self.register(Hole(path, "choice", tuple(options), tuple(options.values()),
                                  parents=parents, common=common, place=tree.place))

    def value(self, tree: Tree, path: str, each: bool, parents: Parents) -> Tree:
        if isinstance(tree, Tagged):
            return self.hole(tree, path, each, parents)  # type: ignore[return-value]
        if isinstance(tree, Seq):
            return Seq(tuple(self.value(t, f"{path}.{i}", each, parents)
                             for i, t in enumerate(tree)), tree.place)
        if isinstance(tree, Map):
            return Map({k: self.value(t, _join(path, k), each, parents)
                        for k, t in tree.items.items()}, tree.place)
        return tree

    def hole(self, tree: Tagged, path: str, each: bool, parents: Parents) -> Hole:
        common = Map({})
        if tree.tag == "choice":
            options = self.choice(tree, path, each, parents)
        elif tree.tag == "graph":
            common, options = _graph(tree)
        else:
            options = {value: Scalar(value, tree.place) for value in _grid(tree)}
        if not options:
            raise GenotypeError(f"!{tree.tag} has no options", tree.place)
        trees = () if tree.tag == "graph" else tuple(options.values())
        return self.register(Hole(path, tree.tag, tuple(options), trees, each, parents, common,
                                  tree.place))

    def choice(self, tree: Tagged, path: str, each: bool, parents: Parents) -> dict[Atom, Tree]:
        if isinstance(tree.body, Map):
            return {label: self.value(t, f"{path}.{label}", each, (*parents, (path, label)))
                    for label, t in tree.body.items.items()}
        options: dict[Atom, Tree] = {}
        for item in tree.body:
            if not isinstance(item, Scalar):
                raise GenotypeError("options that are no plain values need labels: "
                                    "!choice {small: ..., large: ...}", item.place)
            label = item.value
            if label is None:
                raise GenotypeError("an empty option; label it: !choice {no: , yes: ...}",
                                    item.place)
            if any(label == k and type(label) is type(k) for k in options):
                raise GenotypeError(f"option {label!r} stands here twice", item.place)
            if label in options:
                raise GenotypeError(f"option {label!r} cannot be told from another one", item.place)
            options[label] = item
        return options

    def register(self, hole: Hole) -> Hole:
        if hole.name in self.seen:
            raise GenotypeError(f"two holes are named {hole.name!r} (the other at "
                                f"{self.seen[hole.name]}); give a step another `as`", hole.place)
        self.seen[hole.name] = hole.place
        return hole


def _grid(tree: Tagged) -> tuple[int | float, ...]:
    """Values of !int [low, high, step] and !solve [low, high, step], calculated exactly."""
    numbers = [t.value for t in tree.body if isinstance(t, Scalar)] if isinstance(tree.body, Seq) \
        else []
    wanted = (2, 3) if tree.tag == "int" else (3,)
    if len(numbers) not in wanted or len(numbers) != len(tree.body) or any(
            isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        form = "[low, high] or [low, high, step]" if tree.tag == "int" else "[low, high, step]"
        raise GenotypeError(f"!{tree.tag} takes {form}, plain numbers", tree.place)
    low, high, step = (*(Fraction(exact(n)) for n in numbers), Fraction(1))[:3]
    if tree.tag == "int" and any(n.denominator != 1 for n in (low, high, step)):
        raise GenotypeError("!int takes whole numbers", tree.place)
    if step <= 0 or high < low or (high - low) / step >= MAX_OPTIONS:
        raise GenotypeError(f"!{tree.tag} needs low ≤ high, a positive step, and at most "
                            f"{MAX_OPTIONS:,} values", tree.place)
    values = [low + i * step for i in range(int((high - low) / step) + 1)]
    if tree.tag == "int":
        return tuple(int(v) for v in values)
    return tuple(int(v) if v.denominator == 1 else float(v) for v in values)


def _graph(tree: Tagged) -> tuple[Map, dict[Atom, Tree]]:
    """Generator, and one option a seed, of !graph {ws: {n: 32, k: 4, p: 0.75}, seeds: 100}."""
    body = tree.body if isinstance(tree.body, Map) else Map({})
    rest = {k: t for k, t in body.items.items() if k != "seeds"}
    seeds = body.get("seeds") or Scalar(1000)
    (name, parameters), *more = list(rest.items()) or [("", Scalar(None))]
    if more or name not in GENERATORS or not isinstance(parameters, Map):
        raise GenotypeError(f"!graph takes one of {', '.join(GENERATORS)} with its parameters, "
                            "and seeds", tree.place)
    if not (isinstance(seeds, Scalar) and type(seeds.value) is int
            and 1 <= seeds.value <= MAX_OPTIONS):
        raise GenotypeError(f"seeds is a whole number from 1 to {MAX_OPTIONS:,}", tree.place)
    draw(name, parameters, seed=0)  # a bad parameter is told now, not when the hole is filled
    return Map({name: parameters}), {seed: Scalar(seed) for seed in range(seeds.value)}


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


# --- listing and filling ------------------------------------------------------------------------


def as_written(tree: "Tree | Hole") -> Tree:
    """A named document with its holes as the tags that they are written as."""
    if isinstance(tree, Hole):
        return Tagged(tree.kind, _body(tree), tree.place)
    if isinstance(tree, Seq):
        return Seq(tuple(as_written(t) for t in tree), tree.place)
    if isinstance(tree, Map):
        return Map({k: as_written(t) for k, t in tree.items.items()}, tree.place)
    return tree


def _body(hole: Hole) -> Seq | Map:
    if hole.kind == "graph":
        return hole.common.but(seeds=Scalar(len(hole.labels)))
    if hole.kind in ("int", "solve"):
        low, *more = (exact(label) for label in hole.labels)
        step = more[0] - low if more else 1
        values = (hole.labels[0], hole.labels[-1], step if isinstance(step, int) else float(step))
        return Seq(tuple(Scalar(v) for v in values), hole.place)
    plain = all(isinstance(t, Scalar) and t.value == label and type(t.value) is type(label)
                for label, t in zip(hole.labels, hole.trees, strict=True))
    if plain and not hole.common:
        return Seq(tuple(as_written(t) for t in hole.trees), hole.place)
    labelled = {str(label): as_written(t) for label, t in zip(hole.labels, hole.trees, strict=True)}
    return Map({**hole.common.items, **labelled}, hole.place)


def find_holes(tree: "Tree | Hole") -> tuple[Hole, ...]:
    """All holes of a named document, outer before inner, in the order of the file."""
    if isinstance(tree, Hole):
        inner = [h for t in (*tree.common.items.values(), *tree.trees) for h in find_holes(t)]
        return tree, *inner
    if isinstance(tree, Seq):
        return tuple(h for t in tree for h in find_holes(t))
    if isinstance(tree, Map):
        return tuple(h for t in tree.items.values() for h in find_holes(t))
    return ()


def check_names(decisions: Decisions, holes: tuple[Hole, ...]) -> None:
    """Raise UnknownNameError for a decision about a hole that does not exist."""
    known = {h.name for h in holes if not h.each}
    repeated = {h.name for h in holes if h.each}
    for name in decisions:
        stem, _, index = name.rpartition(".")
        if name not in known and not (stem in repeated and index.isdecimal()):
            raise UnknownNameError(f"no hole is named {name!r}{nearest(name, known | repeated)}")


def substitute(tree: "Tree | Hole", decisions: Decisions) -> "Tree | Hole":
    """The tree with the decided holes replaced by their options; others stay."""
    if isinstance(tree, Hole):
        if tree.each or tree.name not in decisions:
            common = substitute(tree.common, decisions)
            assert isinstance(common, Map)
            return replace(tree, common=common,
                           trees=tuple(substitute(t, decisions) for t in tree.trees))
        chosen = substitute(tree.tree(decisions[tree.name]), decisions)
        if tree.common and tree.kind == "choice":
            parts = step_parts(chosen)
            assert parts is not None
            common = substitute(tree.common, decisions)
            assert isinstance(common, Map)
            return Map({parts[0]: Map({**common.items, **parts[1].items})}, tree.place)
        return chosen
    if isinstance(tree, Seq):
        return Seq(tuple(substitute(t, decisions) for t in tree), tree.place)  # type: ignore[misc]
    if isinstance(tree, Map):
        if tree.get("each") == Scalar(True):
            tree = _fill_each(tree, decisions)
        return Map({k: substitute(t, decisions) for k, t in tree.items.items()},  # type: ignore[misc]
                   tree.place)
    return tree


def _fill_each(params: Map, decisions: Decisions) -> Map:
    """``each: true`` with decided holes, written as ``each: {k: [3, 5, 3]}``.

    All of a step's repeats are decided together or not at all, since a list holds no holes by name.
    """
    held = {name: holes for name, tree in params.items.items()
            if (holes := [h for h in find_holes(tree) if h.each])}
    every = [h for holes in held.values() for h in holes]
    if not _decided(every, decisions):
        return params
    first, items = params.get("first"), dict(params.items)
    lists: dict[str, Tree] = {}
    kept = dict(first.items) if isinstance(first, Map) else {}
    count = _repeats(params, every, decisions)
    for name, holes in held.items():
        tree, own = items.pop(name), kept.pop(name, None)
        values = [substitute(own, decisions) if own is not None and i == 0 else
                  _decide_repeat(tree, decisions, i) for i in range(count)]
        for i, value in enumerate(values):
            if find_holes(value):
                raise GenotypeError("the holes of an `each: true` step are decided together, for "
                                    f"every repeat: {holes[0].name}.{i} is open", holes[0].place)
        lists[name] = Seq(tuple(values), tree.place)  # type: ignore[arg-type]
    if kept:
        items["first"] = Map(kept, params.place)
    else:
        items.pop("first", None)
    return Map({**items, "each": Map(lists, params.place)}, params.place)


def _decided(holes: list[Hole], decisions: Decisions) -> bool:
    stems = {name.rpartition(".")[0] for name in decisions}
    return any(h.name in stems for h in holes)


def _repeats(params: Map, holes: list[Hole], decisions: Decisions) -> int:
    repeat: Tree | Hole | None = params.get("repeat")
    if isinstance(repeat, Hole) and repeat.name in decisions:
        repeat = repeat.tree(decisions[repeat.name])
    if isinstance(repeat, Hole):
        raise GenotypeError(f"hole {repeat.name!r} says how many repeats there are; decide it with "
                            f"{holes[0].name!r}", repeat.place)
    if isinstance(repeat, Scalar) and type(repeat.value) is int:
        return repeat.value
    count = 0  # a formula: as many repeats as were decided
    while any(f"{h.name}.{count}" in decisions for h in holes):
        count += 1
    return count


def _decide_repeat(tree: "Tree | Hole", decisions: Decisions, index: int) -> "Tree | Hole":
    if isinstance(tree, Hole) and tree.each:
        name = f"{tree.name}.{index}"
        return _decide_repeat(tree.tree(decisions[name]), decisions, index) \
            if name in decisions else tree
    if isinstance(tree, Seq):
        return Seq(tuple(_decide_repeat(t, decisions, index) for t in tree), tree.place)  # type: ignore[misc]
    if isinstance(tree, Map):
        return Map({k: _decide_repeat(t, decisions, index) for k, t in tree.items.items()},  # type: ignore[misc]
                   tree.place)
    return substitute(tree, decisions)
