"""The public shapes of the API, one module per noun. No field of an answer can carry a key or a base URL."""
