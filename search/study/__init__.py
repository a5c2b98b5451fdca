"""A study: Optuna's trials and our archive in one database, run until the trials are done."""

from search.study.plan import Plan
from search.study.study import Study, open_study

__all__ = ["Plan", "Study", "open_study"]
