"""Measures Moorage beside the bare endpoint, in one run, on loopback: `python -m benchmarks`."""
