"""Moorage: a self-hosted corporate LLM hub where a team's own models are at home."""

__version__ = "0.1.0"
