"""What the parts of a tab need of it; the tab itself is `viz.live.session.Session`."""

from collections.abc import Callable
from typing import Any, Protocol

from viz.live.model.evaluation import Report, Source
from viz.live.model.state import State


class Tab(Protocol):
    """What all of them need; each asks for more where it needs more."""

    screen: Callable[[dict[str, Any]], None]

    @property
    def state(self) -> State:
        """The present state."""
        ...

    @property
    def report(self) -> Report | None:
        """Of the last text that was a network, None before the first."""
        ...

    def source(self) -> Source:
        """The present text with its variant, size and decisions."""
        ...

    def say(self, sentence: str) -> None:
        """Tell one sentence."""
        ...
