"""Source code of a network: statements read off its graph, merged to classes, written as Python."""
