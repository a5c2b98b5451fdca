"""Building of torch modules from expanded networks, and verification of costs by other counters."""
