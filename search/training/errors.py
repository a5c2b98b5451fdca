"""Why a training fails."""

from search.scores import ScoreError


class TrainingError(ScoreError):
    """A network that cannot be trained: it diverged, or did not fit into memory."""
