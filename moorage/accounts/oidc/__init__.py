"""OpenID Connect, the relying side: authorization code with PKCE and nothing else. Knows no person and no database."""
