"""The options and messages of `search/run.py` and `search/train.py`."""
