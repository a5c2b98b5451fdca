"""The training-free scores, one file a paper; what is here is registered by being here."""
