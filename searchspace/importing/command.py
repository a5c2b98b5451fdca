"""``python -m searchspace import``: weights of other projects, and networks written in torch.

Weights in a file are brought onto a bundled network, or one of your own, if it is the same function
as the network that they are of. A network in a Python file becomes a genotype.

examples:
  python -m searchspace import resnet50.pth --into resnet@50b -o resnet50b.safetensors
  python -m searchspace import resnet10.pth --into resnet@18 --set classes=10 -o mine.safetensors
  python -m searchspace import --run my_net.py:make -o my-net.yaml
  python -m searchspace import --run my_net.py:MyNet --input 1,28,28 --weights my-net.safetensors
"""

import argparse
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from searchspace.cli import Console, Parser, add_option, load_named, run, setting, show
from searchspace.cost import cost
from searchspace.errors import SearchspaceError, nearest
from searchspace.genotype import to_yaml
from searchspace.load import load
from searchspace.ops import show_shape
from searchspace.plugins import Source, as_module
from searchspace.safety.files import replacing, write_file
from searchspace.shapes import Shape

if TYPE_CHECKING:
    from torch import Tensor, nn


def arguments() -> Parser:
    """The command line."""
    parser = Parser("python -m searchspace import", __doc__.partition("\n\n")[2])
    parser.add_argument("file", metavar="WEIGHTS", nargs="?",
                        help="a file of torch.save or safetensors; only tensors are read from it")
    parser.add_argument("--into", metavar="NAME|PATH", help="the network that gets the weights")
    parser.add_argument("--set", action="append", default=[], metavar="ARG=VALUE",
                        help="set an argument of that network; may be repeated")
    parser.add_argument("--run", metavar="FILE.py:NAME",
                        help="a Python file, which is run, and what in it makes a torch.nn.Module "
                             "when called without arguments")
    parser.add_argument("--input", metavar="C,H,W", type=_shape, default=(3, 224, 224),
                        help="with --run: channels, height and width of an image (3,224,224)")
    parser.add_argument("--weights", metavar="FILE",
                        help="with --run: also write the module's weights, as safetensors")
    parser.add_argument("-o", "--output", metavar="FILE",
                        help="safetensors for weights; a genotype is printed unless this is given")
    add_option(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status is 0, or 2 for a user's mistake."""
    options = arguments().parse_args(argv)
    return run(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    load_named(options)
    if (options.file is None) == (options.run is None):
        raise SearchspaceError("give a file of weights with --into, or --run FILE.py:NAME; see "
                               "python -m searchspace import --help")
    if options.run is not None:
        _import_module(options)
    else:
        _import_weights(options)


def _import_weights(options: argparse.Namespace) -> None:
    for needed in ("into", "output"):
        if getattr(options, needed) is None:
            raise SearchspaceError(f"weights need --{needed}; see "
                                   "python -m searchspace import --help")
    from searchspace.building.builder import build
    from searchspace.importing.files import read_weights
    from searchspace.importing.weights import load_weights

    genotype = load(options.into).with_args(dict(setting(text) for text in options.set))
    network = build(genotype)
    of = load_weights(network, read_weights(options.file))
    with replacing(Path(options.output)) as fresh:
        _save(network.state_dict(), fresh)
    show(f"{options.file} has the names of {of}. {genotype.title} is the same function; its "
         f"{cost(genotype).params:,} parameters are in {options.output}.")


def _import_module(options: argparse.Namespace) -> None:
    from searchspace.importing.module import import_module

    module = made_by(options.run)
    imported = import_module(module, options.input)
    genotype = imported.genotype
    text = to_yaml(genotype, f"Read off {options.run} for images of {show_shape(options.input)}")
    with ExitStack() as both:               # neither file is left where the other cannot be written
        if options.weights is not None:
            fresh = both.enter_context(replacing(Path(options.weights)))
            _save(imported.build(module).state_dict(), fresh)
        if options.output is None:
            Console().out(text, end="")
            return
        write_file(Path(options.output), text)
    found = cost(genotype)
    show(f"{options.output}: {found.params:,} parameters, {found.macs:,} MACs. "
         "Built again with the module's weights, it gives the module's outputs.")


def made_by(factory: str) -> "nn.Module":
    """What ``FILE.py:NAME`` makes: the file is run, the name called without arguments.

    Raises:
        SearchspaceError: there is no such file or name, it fails, or what it makes is no module.
    """
    from torch import nn

    path, colon, name = factory.rpartition(":")
    file = Path(path)
    if not colon or not name or not file.is_file():
        raise SearchspaceError(f"--run {factory}: FILE.py:NAME is expected, and "
                               + (f"there is no file {path}" if colon else "there is no ':'"))
    folder = str(file.resolve().parent)
    sys.path.insert(0, folder)                  # as Python does for a script
    try:
        source = Source(str(file.resolve()), importlib.util.decode_source(file.read_bytes()))
        module = as_module(source, f"searchspace_import_{file.stem}")
        if name not in vars(module):
            raise SearchspaceError(f"--run {factory}: {file.name} has no {name!r}"
                                   f"{nearest(name, _made_here(module))}")
        made = getattr(module, name)
        made = made if isinstance(made, nn.Module) else made()
    except SearchspaceError:
        raise
    except Exception as error:
        raise SearchspaceError(f"--run {factory}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(folder)
    if not isinstance(made, nn.Module):
        raise SearchspaceError(f"--run {factory}: it makes a {type(made).__name__}, and a "
                               "torch.nn.Module is expected")
    return made


def _made_here(module: ModuleType) -> list[str]:
    return [name for name, value in vars(module).items()
            if getattr(value, "__module__", "") == module.__name__]


def _save(state: "Mapping[str, Tensor]", path: Path) -> None:
    from safetensors.torch import save_file

    save_file({key: value.contiguous() for key, value in state.items()}, path)


def _shape(text: str) -> Shape:
    numbers = text.split(",")
    if len(numbers) != 3 or not all(n.strip().isdecimal() and 0 < int(n) <= 100_000
                                    for n in numbers):
        raise argparse.ArgumentTypeError(f"{text!r} is no shape like 3,224,224")
    c, h, w = (int(n) for n in numbers)
    return c, h, w
