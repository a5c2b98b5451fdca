"""The named steps of a net, replaced by those of a variant or of a genotype with a base."""

from searchspace.errors import GenotypeError, nearest
from searchspace.notation.holes import given_name, step_parts
from searchspace.notation.tree import Map, Scalar, Seq, Tagged, Tree


def replace_steps(net: Tree | None, steps: Map) -> Tree:
    """Named steps of a net replaced; an empty one is taken out."""
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
        raise GenotypeError(f"steps: there is no step named {name!r}"
                            f"{nearest(name, (n for n in names if n))}", tree.place)
    return Seq(tuple(made), (net or steps).place)
