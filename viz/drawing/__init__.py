"""A network as a Graphviz drawing: its blocks, its layout, its colours."""
