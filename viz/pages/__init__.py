"""Self-contained HTML pages: a study's report, the gallery, notebook displays."""
