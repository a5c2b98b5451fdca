"""What is exported: a genotype, its network with weights, images, and how outputs are compared."""

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from searchspace.building.builder import build
from searchspace.building.reparameterize import reparameterize
from searchspace.errors import SearchspaceError
from searchspace.expansion import Expansion, trace
from searchspace.export.images import Images
from searchspace.genotype import Genotype
from searchspace.safety.reading import open_file
from searchspace.safety.weights import take_weights

BATCH = 2               # of the comparisons; the exported files take any
SETTLED = 4             # images whose statistics an untrained network gets
MOST = 2**36            # bytes of weights
ROUNDINGS = 8           # of the network's own that another program may be away: one that fuses and
                        # approximates operations was 4.2 away from double precision (`hcgnet@b`)


class ExportError(SearchspaceError):
    """A network that cannot be exported, or a file that does not compute what the network does."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A network to export. ``network`` is in evaluation mode; ``images`` are for calibration."""

    genotype: Genotype
    expansion: Expansion
    network: nn.Module
    images: Images | None = None

    def example(self, batch: int = BATCH) -> Tensor:
        """Random images (batch, C, H, W); always the same."""
        return torch.randn(batch, *self.expansion.input, generator=torch.Generator().manual_seed(0))

    @torch.no_grad()
    def outputs(self, x: Tensor) -> Tensor:
        """What the network gives."""
        y: Tensor = self.network(x)
        return y

    def rounding(self, x: Tensor) -> float:
        """How far the network's outputs are from those in double precision."""
        exact = copy.deepcopy(self.network).double()
        with torch.no_grad():
            return float((self.outputs(x) - exact(x.double())).abs().max())

    def shape(self) -> str:
        """The size of the input."""
        return "×".join(map(str, self.expansion.input))


def job(genotype: Genotype, weights: Path | None = None, images: Images | None = None,
        deploy: bool = False) -> Job:
    """The network of a genotype, with the weights of a safetensors file, else freshly initialised.
    With ``deploy`` its branches become single convolutions; the weights are those of the branches.

    Raises:
        ExportError: a space, or damaged weights. SearchspaceError: weights of another network.
        UnknownNameError: ``deploy``, and the genotype has no such argument.
        GenotypeError: steps that do not fit each other, or branches that do not add up.
        OSError: the file cannot be read.
    """
    if deploy:
        genotype = genotype.with_args({"deploy": False})
    if genotype.is_space:
        raise ExportError(f"{genotype.title} is a space with {len(genotype.holes)} holes; only a "
                          "network can be exported")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network, expansion = build(genotype).eval(), trace(genotype)
    made = Job(genotype, expansion, network, images)
    if weights is None:
        settle(network, made.example(SETTLED))
    else:
        load_weights(network, weights)
    if deploy:
        plain = genotype.with_args({"deploy": True})
        return Job(plain, trace(plain), reparameterize(network, genotype), images)
    return made


@torch.no_grad()
def settle(network: nn.Module, x: Tensor) -> None:
    """Give the batch norms of an untrained network the statistics of some images.

    Without it the activations of a deep network vanish or explode, so that its outputs, which are
    compared, would not depend on the image.
    """
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    network(x)
    for norm, momentum in zip(norms, kept, strict=True):
        norm.eval()
        norm.momentum = momentum


def load_weights(network: nn.Module, path: Path) -> None:
    """Load a safetensors file into a network. Raises ExportError where it is damaged, and
    SearchspaceError where it is of another network."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    with open_file(path, MOST) as file:
        content = file.read()
    try:
        found = load(content)
    except SafetensorError as error:
        raise ExportError(f"{path} is no safetensors file: {error}") from None
    take_weights(network, found, str(path))


def compare(ours: Tensor, theirs: Tensor, tolerance: float, what: str,
            rounding: float = 0.0) -> str:
    """A line about two outputs that are the same within ``tolerance`` of the largest value, or of
    a thousandth where all are smaller; or within `ROUNDINGS` times the network's own ``rounding``.

    Raises ExportError where they are not.
    """
    if ours.shape != theirs.shape:
        raise ExportError(f"{what} gives {tuple(theirs.shape)}, and the network "
                          f"{tuple(ours.shape)}")
    most = float((ours - theirs).abs().max())
    scale = max(1e-3, float(ours.abs().max()))
    tolerance = max(tolerance, ROUNDINGS * rounding / scale)
    if not most <= tolerance * scale:
        raise ExportError(f"{what} does not compute what the network does: outputs differ by "
                          f"{most:.2g}, more than {tolerance:.2g} of {scale:.2g}, the largest")
    return (f"Checked: on {len(ours)} random images the outputs of {what} equal the network's "
            f"within {tolerance:.2g} of the largest (differences up to {most:.1g}, values up to "
            f"{scale:.3g}).")


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Without what exporters say on the way: warnings about themselves, progress."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        before = logging.root.manager.disable
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(before)
