"""Pages of one file: a study's report, the gallery, what a notebook shows."""
