"""``python -m searchspace export``: a network as a file that runs without this project."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from searchspace.cli import Parser, add_limits, add_option, load_named, run, show
from searchspace.errors import SearchspaceError
from searchspace.genotype import Genotype
from searchspace.load import load
from searchspace.shapes import read_size

if TYPE_CHECKING:
    from searchspace.export.targets import Target

NAMES = ("code", "onnx", "int8", "torch", "timm", "executorch")
EXAMPLES = """\
targets:
  code         one readable Python file that needs torch alone
  onnx         ONNX for any batch, run in onnxruntime
  int8         ONNX in 8 bits, calibrated on --data
  torch        torch.export's program, for torch.export.load
  timm         a Python file that registers the network with timm
  executorch   ExecuTorch with XNNPACK, for phones

examples:
  python -m searchspace export mobilenet-v2 --to code -o mobilenet_v2.py
  python -m searchspace export studies/mine/best.yaml --to onnx --weights mine/weights.safetensors
  python -m searchspace export henet --to int8 --data cifar10 --input 31 -o henet.onnx
  python -m searchspace export repvgg@a0 --to onnx --deploy --weights repvgg/weights.safetensors
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user's mistake and for a network that
    the target cannot hold."""
    options = arguments().parse_args(argv)
    return run(lambda: _run(options))


def arguments() -> Parser:
    """The command line."""
    parser = Parser("python -m searchspace export", epilog=EXAMPLES,
                    description="Write a network as a file that runs without this project, and "
                                "compare\nthe file's outputs with the network's.")
    parser.add_argument("genotype", metavar="NAME|PATH",
                        help="a bundled name or a file, with a variant after @: sinet@1.6")
    parser.add_argument("--to", choices=NAMES, required=True, help="the target")
    parser.add_argument("-o", "--out", type=Path, metavar="OUT",
                        help="the file; else the network's name in the current folder")
    parser.add_argument("--weights", type=Path, metavar="FILE",
                        help="weights.safetensors of search/train.py; else freshly initialised")
    parser.add_argument("--deploy", action="store_true",
                        help="with its trained branches become single convolutions, as RepVGG runs")
    parser.add_argument("--input", type=read_size, metavar="N|HxW", help="for images of this size")
    parser.add_argument("--classes", type=int, metavar="N", help="for so many classes")
    parser.add_argument("--data", metavar="NAME",
                        help="for int8: digits, cifar10, imagefolder:DIR …; its training images "
                             "calibrate, its test images give accuracies")
    add_option(parser)
    add_limits(parser)
    return parser


def _run(options: argparse.Namespace) -> int:
    load_named(options)
    genotype = load(options.genotype)
    if options.classes is not None:
        genotype = genotype.with_args({"classes": options.classes})
    if options.input is not None:
        genotype = genotype.with_input(options.input)
    if options.data is not None and options.to != "int8":
        raise SearchspaceError("--data has no effect without --to int8")
    from safetensors.torch import save

    from searchspace.export.job import job
    from searchspace.safety.files import write_file

    target = find(options.to)
    images = None
    if options.data is not None:
        from searchspace.expansion import trace
        from searchspace.export.images import images as read

        images = read(options.data, trace(genotype).input)
    path = options.out or Path(default_name(genotype, target.suffix))
    made = job(genotype, options.weights, images, options.deploy)
    show(*target.write(made, path))
    if options.deploy and options.to in ("code", "timm"):       # the others hold their weights
        beside = path.with_suffix(".safetensors")
        write_file(beside, save(made.network.state_dict()))
        show(f"{beside}: its weights.")
    return 0


def find(name: str) -> "Target":
    """A target by name."""
    from searchspace.export import (  # noqa: F401 - they register themselves
        code,
        executorch,
        exported_program,
        int8,
        onnx,
        timm,
    )
    from searchspace.export.targets import TARGETS

    return TARGETS.find(name)


def default_name(genotype: Genotype, suffix: str) -> str:
    """The file's name where none is given."""
    from searchspace.safety.files import file_name

    stem = file_name(genotype.title.replace("@", "-"))
    return (stem.replace("-", "_").replace(".", "_") if suffix.endswith(".py") else stem) + suffix
