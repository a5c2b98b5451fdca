"""torch's optimisers, learning-rate schedules and weight averages of a recipe.

A schedule is stepped after each batch. If a training is shorter or longer than its recipe, all
times of the schedule are scaled.
"""

from copy import deepcopy
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer, lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from search.training.recipe import Recipe


def make_optimiser(recipe: Recipe, network: nn.Module) -> Optimizer:
    """The recipe's optimiser of all parameters."""
    kind = SGD if recipe.optimiser == "sgd" else AdamW
    return kind(network.parameters(), **recipe.optimiser_settings)


def stepped(recipe: Recipe, network: nn.Module) -> dict[int, Any]:
    """The state of the recipe's optimiser after one step, by number of the weight; that of a new
    optimiser is empty. The network is unchanged."""
    twin = deepcopy(network)
    for parameter in twin.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser = make_optimiser(recipe, twin)
    optimiser.step()
    kept: dict[int, Any] = optimiser.state_dict()["state"]
    return kept


def make_schedule(recipe: Recipe, optimiser: Optimizer, steps: int,
                  epochs: int) -> lr_scheduler.LRScheduler:
    """The recipe's schedule over ``epochs`` of ``steps`` each; to be stepped after each batch."""
    total = steps * epochs
    unit = steps if recipe.unit == "epochs" else 1
    # Steps for one unit of the recipe's times.
    stretch = total / (recipe.length * unit) * unit

    def after(time: float) -> int:
        return max(1, round(time * stretch))

    warm = min(round(recipe.warmup * stretch), total - 1)
    settings = recipe.schedule_settings
    main: lr_scheduler.LRScheduler
    if recipe.schedule == "cosine":
        main = lr_scheduler.CosineAnnealingLR(optimiser, total - warm)
    elif recipe.schedule == "step":
        main = lr_scheduler.StepLR(optimiser, after(settings["every"]), settings["factor"])
    elif recipe.schedule == "multistep":
        main = lr_scheduler.MultiStepLR(optimiser, [after(t) for t in settings["at"]],
                                        settings["factor"])
    elif recipe.schedule == "sgdr":
        main = lr_scheduler.CosineAnnealingWarmRestarts(optimiser, after(settings["first"]),
                                                        settings["times"])
    else:
        main = lr_scheduler.ConstantLR(optimiser, 1.0)
    if warm < 1:
        return main
    rising = lr_scheduler.LinearLR(optimiser, 1 / (warm + 1), 1.0, warm)
    return lr_scheduler.SequentialLR(optimiser, [rising, main], [warm])


def make_average(recipe: Recipe, network: nn.Module) -> AveragedModel | None:
    """The recipe's average of the weights, or None.

    An exponential one averages the running statistics of batch normalisation too; after a plain
    one (SWA) they must be recomputed.
    """
    if recipe.ema is not None:
        return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema),  # type: ignore[no-untyped-call]
                             use_buffers=True)
    return AveragedModel(network) if recipe.swa is not None else None


def set_dropout(network: nn.Module, share: float | None) -> None:
    """Set the probability of all dropouts of a network; without any, one is added before its last
    linear layer. None changes nothing."""
    if share is None:
        return
    found = [m for m in network.modules() if isinstance(m, nn.Dropout | nn.Dropout2d)]
    for module in found:
        module.p = share
    linear = [m for m in network.modules() if isinstance(m, nn.Linear)]
    if not found and linear:
        linear[-1].register_forward_pre_hook(
            lambda module, inputs: nn.functional.dropout(inputs[0], share, module.training))
