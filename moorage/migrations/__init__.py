"""The schema's history. Each step in `versions/` is frozen once released; `moorage.storage.migrate` runs them."""
