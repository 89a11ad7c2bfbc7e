"""Runs the same attacks against HTTP clients, published guards and Moorage's door: `python -m benchmarks.guards`."""
