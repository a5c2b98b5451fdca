"""Launchers start workers: on this machine, on a Ray cluster, by Slurm. One file each."""

from collections.abc import Callable

from search.launchers import local, ray, slurm
from search.launchers.base import Launcher, Resources

__all__ = ["LAUNCHERS", "Launcher", "Resources"]

LAUNCHERS: dict[str, Callable[[Resources], Launcher]] = {
    "local": local.LocalLauncher, "ray": ray.RayLauncher, "slurm": slurm.SlurmLauncher}
