"""Target ``timm``: a file that registers the network with timm.

The class of the network gets timm's interface: ``forward_features`` gives the last map, or what the
classifier's layers take where they take several; ``forward_head`` the rest. Of timm it needs only
``register_model``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from searchspace.building.features import stages
from searchspace.export.code import class_name, file_text, summary
from searchspace.export.job import BATCH, ExportError, Job, compare
from searchspace.export.source.constructors import Constructor
from searchspace.export.source.format import flat, folded
from searchspace.export.source.forwards import Forward, method
from searchspace.export.source.layers import Function
from searchspace.export.source.merging import Line
from searchspace.export.source.parameters import Code
from searchspace.export.source.writing import Source, network_source
from searchspace.export.targets import target
from searchspace.safety.files import write_file

TOLERANCE = 1e-5
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@target("timm", "_timm.py", "a Python file that registers the network with timm")
def write_timm(job: Job, path: Path) -> list[str]:
    """Write the file, and run it with a stand-in for timm's registry where timm is missing."""
    text, name = source(job)
    write_file(path, text)
    return [f"{path}: import it, then timm.create_model({name!r}, features_only=…).",
            *_checked(job, text, name)]


def source(job: Job) -> tuple[str, str]:
    """The text of the file, and the name that it registers."""
    name = "searchspace_" + "".join(c if c.isalnum() else "_" for c in job.genotype.title)
    made = network_source(job.expansion, class_name(job.genotype.name), summary(job),
                          lambda found: _interface(job, found))
    body = made.text + "\n\n" + FEATURES + "\n\n" + _entry(job, made, name)
    return file_text(job, body, ["from timm.models import register_model", "from torch import nn"]
                     ), name


def _interface(job: Job, found: Source) -> list[str]:
    """timm's methods of the network's class."""
    cls = found.root
    if not found.classifier:
        raise ExportError(f"{job.genotype.title} ends in no layer with a value for each class, as "
                          "timm's networks do")
    line = next(line for line in cls.lines if line.label == found.classifier)
    forward = Forward(cls)
    names, parts = forward.written()
    ends = {end: reduction for reduction, end in stages(job.expansion).items()}
    spots = {_line_of(job, cls.lines, end): (end, reduction) for end, reduction in ends.items()}
    cut = _cut(job, cls.lines, forward, (max(spots, default=0), cls.lines.index(line)))
    value, = forward.live(cut)
    start, rest = ([t for part in some for t in part] for some in (parts[:cut], parts[cut:]))
    maps = []
    for i, part in enumerate(parts[:max(spots, default=-1) + 1]):
        maps += part
        if i in spots:
            maps.append(f"maps.append({forward.names[cls.lines[i].label, 0]})")
    made = [spots[i][1] for i in sorted(spots)]             # reductions, as the maps come
    if made != sorted(made):                                # it comes back to higher resolutions
        order = ", ".join(f"maps[{made.index(reduction)}]" for reduction in sorted(made))
        maps.append(f"maps = [{order}]")
    held, before = forward.names[value], cls.lines.index(line) - cut
    logits = [t for part in parts[cut:cut + before] for t in part]
    unlike = [f"{held} = x"] if held != "x" and names == ["x"] else []
    fitted = forward.names[line.inputs[0]]
    result = forward.names[cls.results[0]]
    pre = f"{fitted}.flatten(1)" if any(line.sample.fits) else fitted
    classes = _new_classifier(found, line)
    assert rest
    lines = [
        "", *method("forward_stages", names, ["maps = []", *maps, "return maps"]),
        "", *method("forward_features", names, [*start, f"return {held}"]),
        "", *method("forward_head", ["x", "pre_logits=False"],
                    [*unlike, *logits, "if pre_logits:", f"    return {pre}",
                     *(t for part in parts[cut + before:] for t in part), f"return {result}"]),
        "", *method("get_classifier", [], [f"return self.{found.classifier}"]),
        "", *method("reset_classifier", ["num_classes", "global_pool=None"], [
            "self.num_classes = num_classes", f"self.{found.classifier} = nn.Identity()",
            "if num_classes > 0:", f"    self.{found.classifier} = {classes}"]),
    ]
    return [line for text in lines for line in folded(text)]


def _line_of(job: Job, lines: Sequence[Line], end: int) -> int:
    """The line of the network's class whose result a node is."""
    label = job.expansion.nodes[end].name.partition(".")[0]
    return next(i for i, line in enumerate(lines)
                if line.label in (label, f"{label}_") or line.label.startswith(f"{label}."))


def _cut(job: Job, lines: Sequence[Line], forward: Forward, between: tuple[int, int]) -> int:
    """Where the features end, behind the last map and not behind the classifier: at the pooling, or
    at the first place from there on that one tensor passes."""
    last, classifier = between
    pools = [i for i in range(last, classifier) if not isinstance(lines[i].sample.what, Function)
             and getattr(lines[i].sample.what, "callee", "").startswith("nn.Adaptive")]
    for cut in range(pools[0] if pools else last + 1, classifier + 1):
        if len(forward.live(cut)) == 1:
            return cut
    raise ExportError(f"{job.genotype.title} has no place between its features and its classifier "
                      "that one tensor passes")


def _new_classifier(found: Source, line: Line) -> str:
    """What constructs a classifier for other classes."""
    values = found.root.parameters.values
    made = Constructor(found.root, found.units)
    sample = line.sample.what
    return flat(made.layer(sample, lambda name: Code("num_classes") if name == "out"  # type: ignore[arg-type]
                           else values[line.label, name]))


def _entry(job: Job, made: Source, name: str) -> str:
    """The network with timm's attributes, and the function that timm registers."""
    c, h, w = job.expansion.input
    nodes = job.expansion.nodes
    line = next(line for line in made.root.lines if line.label == made.classifier)
    width = made.root.parameters.values[line.label, "cin"]
    classes = next(p.default for p in made.root.parameters.listed if p.name == "classes")
    layer = "linear" if "linear" in getattr(line.sample.what, "callee", "") else "conv"
    info = "\n".join(
        f"    dict(num_chs={nodes[end].shape[0]}, reduction={reduction}, "
        f"module=\"{nodes[end].name.partition('.')[0]}\"),"
        for reduction, end in stages(job.expansion).items())
    return ENTRY.format(name=name, cls=made.root.name, width=width, classes=classes, c=c, h=h, w=w,
                        classifier=f"{made.classifier}.{layer}", info=info, mean=MEAN[:c] if c == 3
                        else (0.5,) * c, deviation=DEVIATION if c == 3 else (0.5,) * c)


def _checked(job: Job, text: str, name: str) -> list[str]:
    """Lines about the registered network's outputs and features."""
    registered: dict[str, Any] = {}
    scope: dict[str, Any] = {"__name__": name, "register_model": lambda f: registered.setdefault(
        f.__name__, f)}
    exec(compile(text.replace("from timm.models import register_model\n", ""), f"<{name}>",
                 "exec"), scope)                        # written here, from names that are words
    network = registered[name]().eval()
    network.load_state_dict(job.network.state_dict(), strict=True)
    x = job.example(BATCH)
    with torch.no_grad():
        whole = network(x)
        halves = network.forward_head(network.forward_features(x))
        maps = registered[name](features_only=True).eval()
        maps.load_state_dict({f"model.{key}": value for key, value in
                              job.network.state_dict().items()}, strict=False)
        sizes = [tuple(m.shape[1:]) for m in maps(x)]
    known = [job.expansion.nodes[end].shape for end in stages(job.expansion).values()]
    if sizes != known or maps.feature_info.channels() != [c for c, _, _ in known]:
        raise ExportError(f"the features are {sizes}, and the network's stages {known}")
    assert isinstance(network, nn.Module)
    return [compare(job.outputs(x), whole, TOLERANCE, f"{name}(), with a stand-in for timm"),
            compare(job.outputs(x), halves, TOLERANCE, "forward_head(forward_features())")]


FEATURES = '''\
class FeatureInfo:
    def __init__(self, info, out_indices):
        self.info, self.out_indices = info, out_indices

    def channels(self):
        return [self.info[i]["num_chs"] for i in self.out_indices]

    def reduction(self):
        return [self.info[i]["reduction"] for i in self.out_indices]

    def module_name(self):
        return [self.info[i]["module"] for i in self.out_indices]


class FeatureList(nn.Module):
    """The maps at the ends of some stages."""

    def __init__(self, model, out_indices=None):
        super().__init__()
        self.model = model
        model.reset_classifier(0)
        indices = range(len(model.feature_info)) if out_indices is None else out_indices
        indices = [i % len(model.feature_info) for i in indices]
        self.feature_info = FeatureInfo(model.feature_info, indices)

    def forward(self, x):
        maps = self.model.forward_stages(x)
        return [maps[i] for i in self.feature_info.out_indices]
'''
ENTRY = '''\
default_cfgs = {{
    "{name}": dict(
        url="",
        num_classes={classes},
        input_size=({c}, {h}, {w}),
        mean={mean},
        std={deviation},
        first_conv=None,
        classifier="{classifier}",
    )
}}
FEATURE_INFO = [
{info}
]


@register_model
def {name}(pretrained=False, features_only=False, out_indices=None, **kwargs):
    if pretrained:
        raise ValueError("no weights to download; load a state dict")
    classes = kwargs.pop("num_classes", {classes})
    if kwargs.pop("in_chans", {c}) != {c}:
        raise ValueError("the network takes {c} channels")
    model = {cls}(max(classes, 1))
    model.num_classes, model.num_features = classes, {width}
    model.feature_info = FEATURE_INFO
    model.pretrained_cfg = model.default_cfg = default_cfgs["{name}"]
    if classes == 0:
        model.reset_classifier(0)
    return FeatureList(model, out_indices) if features_only else model
'''
