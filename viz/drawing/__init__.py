"""Drawing of networks by Graphviz: blocks, layout, colours."""
