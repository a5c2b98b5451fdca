"""The training-free scores, one file per paper; all files of this folder are registered."""
