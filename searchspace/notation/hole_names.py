"""Naming holes, and writing them back.

A hole's name is its path through ``as`` names, so that decisions can be read and survive an
inserted step.
"""

from fractions import Fraction

from searchspace.errors import GenotypeError, Place
from searchspace.identifiers import is_label, show_name
from searchspace.notation.arithmetic import exact
from searchspace.notation.holes import Hole, branch_steps, given_name, step_parts
from searchspace.notation.random_graphs import GENERATORS, draw
from searchspace.notation.tree import (
    Atom,
    Map,
    Scalar,
    Seq,
    Tagged,
    Tree,
    describe,
    map_children,
)
from searchspace.safety.limits import beyond, current

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

    def body(self, body: Seq, prefix: str) -> Seq:
        return Seq(self.steps(body.items, prefix, ()), body.place)

    def steps(self, steps: tuple[Tree, ...], prefix: str, parents: Parents) -> tuple[Tree, ...]:
        keys = [parts[0] for s in steps if (parts := step_parts(s)) and not given_name(parts[1])]
        return tuple(self.step(s, prefix, keys, parents) for s in steps)

    def step(self, tree: Tree, prefix: str, unnamed: list[str], parents: Parents) -> Tree:
        if isinstance(tree, Tagged):
            return self.step_choice(tree, prefix, parents)
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
        steps = iter(self.steps(branch_steps(of), path, parents))
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
            return self.hole(tree, path, each, parents)
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
        kinds: dict[Atom, type] = {}        # 1, 1.0 and true are one key
        for item in tree.body:
            if not isinstance(item, Scalar):
                raise GenotypeError("options that are no plain values need labels: "
                                    "!choice {small: ..., large: ...}", item.place)
            label = item.value
            if label is None:
                raise GenotypeError("an empty option; label it: !choice {no: , yes: ...}",
                                    item.place)
            if isinstance(label, str) and not is_label(label):
                raise GenotypeError(f"{show_name(label)} is no name, and so no label of itself; "
                                    "give it one: !choice {one: ..., other: ...}", item.place)
            if label in kinds:
                raise GenotypeError(
                    f"option {label!r} stands here twice" if kinds[label] is type(label) else
                    f"option {label!r} cannot be told from another one", item.place)
            options[label], kinds[label] = item, type(label)
        return options

    def register(self, hole: Hole) -> Hole:
        if len(hole.labels) > (most := current().options):
            raise GenotypeError(beyond(len(hole.labels), most, "options"), hole.place)
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
    most = current().options
    if step <= 0 or high < low or (high - low) / step >= most:
        raise GenotypeError(f"!{tree.tag} needs low ≤ high, a positive step, and at most "
                            f"{most:,} values", tree.place)
    values = [low + i * step for i in range(int((high - low) / step) + 1)]
    if tree.tag == "int":
        return tuple(int(v) for v in values)
    found = tuple(int(v) if v.denominator == 1 else float(v) for v in values)
    for value, kept in zip(values, found, strict=True):
        if exact(kept) != value:    # written again, the grid would be another
            raise GenotypeError(f"!{tree.tag} has a value of more digits than a number keeps, "
                                f"near {kept}", tree.place)
    return found


def _graph(tree: Tagged) -> tuple[Map, dict[Atom, Tree]]:
    """Generator, and one option a seed, of !graph {ws: {n: 32, k: 4, p: 0.75}, seeds: 100}."""
    body = tree.body if isinstance(tree.body, Map) else Map({})
    rest = {k: t for k, t in body.items.items() if k != "seeds"}
    seeds = body.get("seeds") or Scalar(1000)
    (name, parameters), *more = list(rest.items()) or [("", Scalar(None))]
    if more or name not in GENERATORS or not isinstance(parameters, Map):
        raise GenotypeError(f"!graph takes one of {', '.join(GENERATORS)} with its parameters, "
                            "and seeds", tree.place)
    most = current().options
    if not (isinstance(seeds, Scalar) and type(seeds.value) is int and 1 <= seeds.value <= most):
        raise GenotypeError(f"seeds is a whole number from 1 to {most:,}", tree.place)
    draw(name, parameters, seed=0)  # a bad parameter is an error now, not when the hole is filled
    return Map({name: parameters}), {seed: Scalar(seed) for seed in range(seeds.value)}


def _join(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def as_written(tree: Tree) -> Tree:
    """A named document with its holes as the tags that they are written as."""
    if isinstance(tree, Hole):
        return Tagged(tree.kind, _body(tree), tree.place)
    return map_children(tree, as_written)


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
