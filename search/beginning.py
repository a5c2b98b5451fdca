"""What a search says before its first trial."""

from collections.abc import Iterator

from search.reference import SIZE
from search.scores.registry import find_score
from search.scores.relative import Relative
from search.study import Study


def beginning(study: Study) -> Iterator[str]:
    """The sampler and why, and what else is not as a user might expect."""
    settings = study.settings
    yield f"sampler {study.sampler_name}: {study.reason}; study {study.folder}"
    if study.open is not study.space:
        solved = ", ".join(h.name for h in study.space.holes if h.kind == "solve")
        yield (f"a cost is an objective: {solved} is proposed, too, where else the budget would be "
               "filled up")
    if study.trainings:
        yield from study.trainings.told()
    chosen = find_score(settings.score)
    if "score" in settings.objectives and isinstance(chosen, Relative):
        yield (f"score {chosen.name}: compared with {SIZE} random networks inside the budget, "
               "which are scored first")
    if settings.warm_start:
        yield f"start: {study.start.describe()}"
