"""Latency of a network on a device: measured, and predicted from a table of its operations."""

from search.latency.device import Device
from search.latency.predict import Predictor
from search.latency.table import LatencyTable

__all__ = ["Device", "LatencyTable", "Predictor"]
