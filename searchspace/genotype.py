"""Genotypes: reading a file, resolving base and variant, and the compiled program.

A genotype is a YAML file; a space is a genotype with holes. `load` finds a bundled one by name
(``sinet@1.6``) or any by path (``my/net.yaml@wide``), and gives a frozen `Genotype`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from .blocks import Blocks, compile_args, mapping
from .errors import GenotypeError, Place, UnknownNameError, nearest
from .formula import MAX_NUMBER
from .header import VARIANT_KEYS, Header, read_header
from .holes import Hole, check_names, find_holes, given_name, step_parts
from .naming import as_written, name_holes
from .program import Step, Value
from .steps import check_keys, compile_steps, compile_value
from .substitute import substitute_in
from .tree import Atom, Map, Scalar, Seq, Tagged, Tree, describe, read

HERE = Path(__file__).parent
GENOTYPES = HERE / "genotypes"
LIBRARY = HERE / "ops"

KEYS = ("name", "source", "note", "status", "args", "input", "default", "variants", "published",
        "exact", "base", "steps", "use", "blocks", "net")


@dataclass(frozen=True, slots=True)
class Program:
    """A genotype compiled: what `expand` runs."""

    args: tuple[tuple[str, Value], ...]
    input: tuple[Value, ...]
    net: tuple[Step, ...]
    place: Place


@dataclass(frozen=True)
class Genotype:
    """A network, or a space where holes are left. Frozen; all functions give new ones.

    ``document`` is the resolved YAML: base and `use` files merged in, variant applied, holes
    named. ``outer`` are the bundled blocks.
    """

    name: str
    variant: str | None
    file: str
    header: Header
    document: Map = field(repr=False)
    outer: Blocks = field(repr=False, compare=False)

    @property
    def title(self) -> str:
        """``name@variant``."""
        return f"{self.name}@{self.variant}" if self.variant else self.name

    @cached_property
    def program(self) -> Program:
        """The compiled steps; compiled on first use."""
        return _compile(self)

    @cached_property
    def holes(self) -> tuple[Hole, ...]:
        """All holes, also those that exist only under some decisions, in the order of the file."""
        return find_holes(self.document)

    @property
    def is_space(self) -> bool:
        """Whether holes are left."""
        return bool(self.holes)

    def with_args(self, args: Mapping[str, Any]) -> "Genotype":
        """The genotype with network arguments set; UnknownNameError for one that it lacks."""
        known = mapping(self.document.get("args"), "args")
        items = dict(known.items)
        for name, value in args.items():
            if name not in known:
                raise UnknownNameError(f"{self.name} has no argument {name!r}"
                                       f"{nearest(name, known)}")
            place = Place(f"<argument {name}>", 0)
            if not isinstance(value, bool | int | float | str) or (
                    isinstance(value, float | int) and not abs(value) <= MAX_NUMBER):
                raise GenotypeError(f"argument {name!r} takes a number, a word, true or false, not "
                                    f"{value!r}", place)
            items[name] = Scalar(value, place)
        return self.replace(self.document.but(args=Map(items, known.place)) if items
                            else self.document)

    def with_input(self, size: int) -> "Genotype":
        """The genotype for square images of another size."""
        shape = self.document.get("input")
        assert isinstance(shape, Seq)
        edge = Scalar(size, Place("<input>", 0))
        return self.replace(self.document.but(input=Seq((shape.items[0], edge, edge))))

    def replace(self, document: Map, name: str | None = None) -> "Genotype":
        """The genotype with another document."""
        return Genotype(self.name if name is None else name, self.variant, self.file, self.header,
                        document, self.outer)


def load(name: str | Path, variant: str | None = None, **args: Any) -> Genotype:
    """A genotype by bundled name or path, with a variant after ``@``, and arguments changed.

    >>> load("mobilenet-v2@1.4").title
    'mobilenet-v2@1.4'

    Raises:
        UnknownNameError: no such file, variant or argument.
        GenotypeError: the file is not a correct genotype.
    """
    path, at = find(str(name))
    genotype = _select(_read(path), path, variant or at)
    if args:
        genotype = genotype.with_args(args)
    genotype.program  # noqa: B018 - compiled now, so that a fault is told here
    return genotype


def find(name: str) -> tuple[Path, str | None]:
    """The file that a name or path means, and the variant after ``@``."""
    folder, slash, last = name.rpartition("/")
    stem, _, variant = last.partition("@")
    stem = folder + slash + stem
    if stem.endswith((".yaml", ".yml")) or slash or _exists(Path(stem), file=True):
        path = Path(stem)
        if not _exists(path):
            raise UnknownNameError(f"there is no file {stem}")
        return path, variant or None
    for home in (GENOTYPES, GENOTYPES / "spaces"):
        if _exists(path := home / f"{stem}.yaml", file=True):
            return path, variant or None
    known = [p.stem for p in GENOTYPES.rglob("*.yaml")]
    raise UnknownNameError(f"no bundled genotype is named {stem!r}{nearest(stem, known)}")


def _exists(path: Path, file: bool = False) -> bool:
    try:
        return path.is_file() if file else path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def variants(path: Path) -> tuple[str, ...]:
    """The names of a genotype's variants, in the order of the file."""
    return tuple(mapping(_read(path).get("variants"), "variants"))


@lru_cache(maxsize=1)
def library() -> Blocks:
    """The bundled composite blocks."""
    trees: dict[str, Tree] = {}
    for path in sorted(LIBRARY.glob("*.yaml")):
        for name, tree in _block_file(path).items():
            if name in trees:
                raise GenotypeError(f"block {name!r} is bundled twice", tree.place)
            trees[name] = tree
    return Blocks(trees)


def _block_file(path: Path) -> dict[str, Tree]:
    document = read(path)
    check_keys(document, ("about", "blocks"), "a file of blocks")
    return mapping(document.get("blocks"), "blocks").items


def _read(path: Path, above: tuple[Path, ...] = ()) -> Map:
    """The document with its base and the blocks of its `use` files merged in."""
    document = read(path)
    check_keys(document, KEYS, "a genotype")
    base = document.get("base")
    if used := _used_blocks(document, path):
        own = mapping(document.get("blocks"), "blocks")
        document = document.but(blocks=Map({**used, **own.items}, own.place))
    if base is None:
        if (steps := document.get("steps")) is not None:
            raise GenotypeError("steps replaces named steps of a base, and there is no base",
                                steps.place)
        return document
    if not (isinstance(base, Scalar) and isinstance(base.value, str)):
        raise GenotypeError("base is the name or path of a genotype", base.place)
    found, at = _beside(base.value, path, base.place)
    if found.resolve() in above or found.resolve() == path.resolve():
        raise GenotypeError(f"base {base.value!r} leads back to this file", base.place)
    below = _read(found, (*above, path.resolve()))
    try:
        at = _variant(below, at, found)
    except UnknownNameError as error:
        raise GenotypeError(f"base: {error}", base.place) from None
    return _merge(below if at is None else _apply_variant(below, at), document)


def _used_blocks(document: Map, path: Path) -> dict[str, Tree]:
    trees: dict[str, Tree] = {}
    use = document.get("use")
    if use is None:
        return trees
    files = use.items if isinstance(use, Seq) else (use,)
    for item in files:
        if not (isinstance(item, Scalar) and isinstance(item.value, str)):
            raise GenotypeError("use takes paths of files with blocks", use.place)
        file = path.parent / item.value
        if not file.is_file():
            raise GenotypeError(f"use: there is no file {item.value}", item.place)
        for name, tree in _block_file(file).items():
            if name in trees:
                raise GenotypeError(f"use: block {name!r} stands in two of the files (the other "
                                    f"at {trees[name].place})", tree.place)
            trees[name] = tree
    return trees


def _beside(name: str, path: Path, place: Place) -> tuple[Path, str | None]:
    """A base: a path is relative to the file that names it."""
    stem, _, at = name.partition("@")
    if stem.endswith((".yaml", ".yml")):
        if not _exists(path.parent / stem):
            raise GenotypeError(f"base: there is no file {stem}", place)
        return path.parent / stem, at or None
    try:
        return find(name)
    except UnknownNameError as error:
        raise GenotypeError(f"base: {error}", place) from None


def _merge(base: Map, document: Map) -> Map:
    """A base with another document's args, blocks and named steps over it."""
    items = {k: t for k, t in base.items.items() if k not in ("variants", "default", "published",
                                                              "exact", "status", "note")}
    for key, tree in document.items.items():
        if key in ("args", "blocks"):
            items[key] = Map({**mapping(items.get(key), key).items, **mapping(tree, key).items},
                             tree.place)
        elif key != "steps":
            items[key] = tree
    if (steps := document.get("steps")) is not None:
        items["net"] = _replace_steps(items.get("net"), mapping(steps, "steps"))
    return Map(items, document.place)


def _replace_steps(net: Tree | None, steps: Map) -> Tree:
    """Named steps of a base's net replaced; an empty one is taken out."""
    left, made = dict(steps.items), []
    names = []
    for tree in net if isinstance(net, Seq) else ():
        if isinstance(tree, Tagged):  # a choice between steps: its name stands beside the labels
            name = given_name(tree.body) if isinstance(tree.body, Map) else None
        else:
            name = given_name(parts[1]) if (parts := step_parts(tree)) else None
        names.append(name)
        if name is None or name not in left:
            made.append(tree)
            continue
        new = left.pop(name)
        if isinstance(new, Scalar) and new.value is None:
            continue
        if isinstance(new, Tagged) and isinstance(new.body, Map):
            named = new.body if "as" in new.body else new.body.but(**{"as": Scalar(name)})
            made.append(Tagged(new.tag, named, new.place))
            continue
        fresh = step_parts(new)
        if fresh is None:
            raise GenotypeError(f"steps: {name} must be a step, or empty to take it out", new.place)
        params = fresh[1] if "as" in fresh[1] else fresh[1].but(**{"as": Scalar(name)})
        made.append(Map({fresh[0]: params}, new.place))
    if left:
        name, tree = next(iter(left.items()))
        raise GenotypeError(f"the base has no step named {name!r}"
                            f"{nearest(name, (n for n in names if n))}", tree.place)
    return Seq(tuple(made), (net or steps).place)


def _variant(document: Map, asked: str | None, path: Path) -> str | None:
    """The variant that is meant: the one asked for, the default one, else the first."""
    known = mapping(document.get("variants"), "variants")
    if asked is not None:
        if asked not in known:
            raise UnknownNameError(f"{path.stem} has no variant {asked!r}{nearest(asked, known)}")
        return asked
    if (default := document.get("default")) is not None:
        asked = str(default.value) if isinstance(default, Scalar) else None
        if asked not in known:
            raise GenotypeError(f"default: there is no variant {asked!r}{nearest(asked, known)}",
                                default.place)
        return asked
    return next(iter(known), None)


def _select(document: Map, path: Path, variant: str | None) -> Genotype:
    """The genotype of one variant."""
    variant = _variant(document, variant, path)
    known = mapping(document.get("variants"), "variants")
    name = document.get("name")
    if not (isinstance(name, Scalar) and isinstance(name.value, str)):
        raise GenotypeError("a genotype needs a name", (name or document).place)
    for other in known:
        _check_variant(document, other)
    chosen = _apply_variant(document, variant) if variant is not None else document
    header = read_header(document, variant)
    resolved = ("variants", "default", "base", "use")
    kept = {k: t for k, t in chosen.items.items() if k not in resolved}
    genotype = Genotype(name.value, variant, str(path), header,
                        name_holes(Map(kept, document.place)), library())
    if variant is not None and "fill" in mapping(known[variant], "variant"):
        return without_unused(genotype)
    inherits = "base" in document or "use" in document
    return without_unused(genotype, but_of=str(path)) if inherits else genotype


def _check_variant(document: Map, variant: str) -> None:
    """Tell of faults also in the variants that nobody asked for."""
    tree = mapping(mapping(document.get("variants"), "variants")[variant], f"variant {variant!r}")
    check_keys(tree, VARIANT_KEYS, f"variant {variant!r}")
    args = mapping(document.get("args"), "args")
    for name, value in mapping(tree.get("args"), "args").items.items():
        if name not in args:
            raise GenotypeError(f"variant {variant!r}: there is no argument {name!r}"
                                f"{nearest(name, args)}", value.place)
    read_header(document, variant)


def _apply_variant(document: Map, variant: str) -> Map:
    tree = mapping(mapping(document.get("variants"), "variants")[variant], f"variant {variant!r}")
    args = mapping(document.get("args"), "args")
    changed = mapping(tree.get("args"), "args")
    result = document
    if changed.items:
        result = result.but(args=Map({**args.items, **changed.items}, args.place))
    if (shape := tree.get("input")) is not None:
        result = result.but(input=shape)
    decisions = mapping(tree.get("fill"), "fill")
    if decisions.items:
        named = name_holes(result)
        plain: dict[str, Atom] = {}
        for hole, label in decisions.items.items():
            if not isinstance(label, Scalar):
                raise GenotypeError(f"fill: {hole!r} takes the label of an option, not "
                                    f"{describe(label)}", label.place)
            plain[hole] = label.value
        try:
            check_names(plain, find_holes(named))
        except UnknownNameError as error:
            raise GenotypeError(f"fill: {error}", decisions.place) from None
        filled = as_written(substitute_in(named, plain))
        assert isinstance(filled, Map)
        result = filled
    return result


def _compile(genotype: Genotype) -> Program:
    program, called, used = _compile_parts(genotype)
    for name, tree in mapping(genotype.document.get("args"), "args").items.items():
        if name not in used:
            raise GenotypeError(f"argument {name!r} of the network is never used", tree.place)
    for name, tree in mapping(genotype.document.get("blocks"), "blocks").items.items():
        if name not in called:
            raise GenotypeError(f"block {name!r} is never used", tree.place)
    return program


def _compile_parts(genotype: Genotype) -> tuple[Program, set[str], set[str]]:
    """The program, and which local blocks and which arguments it uses."""
    try:
        return _compile_document(genotype)
    except RecursionError:
        raise GenotypeError("blocks or formulas are nested too deeply",
                            genotype.document.place) from None


def _compile_document(genotype: Genotype) -> tuple[Program, set[str], set[str]]:
    document = genotype.document
    blocks = Blocks(mapping(document.get("blocks"), "blocks").items, genotype.outer)
    given = mapping(document.get("args"), "args")
    args, scope = compile_args(given, blocks)
    values: list[tuple[str, Value]] = []
    for name, value in args:
        if value is None:
            raise GenotypeError(f"argument {name!r} of the network has no value", given.place)
        values.append((name, value))
    shape, net = document.get("input"), document.get("net")
    if not isinstance(shape, Seq):
        raise GenotypeError("a genotype needs an input: [channels, height, width]",
                            (shape or document).place)
    if not isinstance(net, Seq) or not net.items:
        raise GenotypeError("a genotype needs a net: a list of steps", (net or document).place)
    size = tuple(compile_value(t, scope) for t in shape)
    steps = compile_steps(net.items, scope)
    return Program(tuple(values), size, steps, shape.place), blocks.called, scope.used


def without_unused(genotype: Genotype, but_of: str = "") -> Genotype:
    """The genotype without blocks and arguments that its net does not reach; those written in the
    file ``but_of`` stay, and are faults."""
    while True:
        document = genotype.document
        blocks = mapping(document.get("blocks"), "blocks")
        args = mapping(document.get("args"), "args")
        _, called, used = _compile_parts(genotype)
        live_blocks = {name: tree for name, tree in blocks.items.items()
                       if name in called or tree.place.file == but_of}
        live_args = {name: tree for name, tree in args.items.items()
                     if name in used or tree.place.file == but_of}
        if len(live_blocks) == len(blocks) and len(live_args) == len(args):
            return genotype
        genotype = genotype.replace(document.but(
            blocks=Map(live_blocks, blocks.place) if live_blocks else None,
            args=Map(live_args, args.place) if live_args else None))
