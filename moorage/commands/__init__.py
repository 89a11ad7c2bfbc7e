"""Commands of the operator that need more than a line of their own in `__main__`."""
