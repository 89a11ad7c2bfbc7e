"""The chained trail of who did what."""
