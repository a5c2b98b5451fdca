"""Training-free scores of networks (zero-cost proxies)."""
