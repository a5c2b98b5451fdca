"""What a search says before its first trial."""

from collections.abc import Iterator

from search.study import Study


def beginning(study: Study) -> Iterator[str]:
    """The sampler and why, and what else is not as a user might expect."""
    plan = study.plan
    yield f"sampler {plan.sampler}: {plan.reason}; study {study.session.folder}"
    if plan.proposed is not plan.space:
        solved = ", ".join(h.name for h in plan.space.holes if h.kind == "solve")
        yield (f"a cost is an objective: {solved} is proposed, too, where else the budget would be "
               "filled up")
    for evaluator in study.evaluators.values():
        yield from evaluator.notes
    if plan.settings.warm_start:
        yield f"start: {plan.start.describe()}"
