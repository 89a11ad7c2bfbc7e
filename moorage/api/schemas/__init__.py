"""The public shapes of the API, one module per noun. No field here can carry a key, a bearer token or a base URL back."""
