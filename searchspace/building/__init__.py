"""An expanded network as a torch module, and its counts checked by other counters."""
