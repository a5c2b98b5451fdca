"""Files that come from strangers are read here, and files in folders of strangers written."""
