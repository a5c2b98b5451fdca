"""Scores that rank a network without training it."""


class ScoreError(Exception):
    """A network or a batch that a score cannot rate; its message is one sentence saying why."""
