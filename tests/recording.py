"""Evaluations recorded in one call, from the values of their three parts together."""

from dataclasses import fields

from search.archive import Archive, Evaluation, EvaluationKey, Measurement, NetworkRecord

PARTS = (EvaluationKey, NetworkRecord, Measurement)


def record(archive: Archive, **given: object) -> Evaluation:
    parts = [part(**{f.name: given.pop(f.name) for f in fields(part) if f.name in given})
             for part in PARTS]
    return archive.record(*parts, **given)
