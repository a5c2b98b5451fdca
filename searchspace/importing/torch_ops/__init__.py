"""What torch.export records of a module, read as operations of the notation."""
