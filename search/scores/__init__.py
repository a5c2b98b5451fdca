"""Scores that rank a network without training it."""


