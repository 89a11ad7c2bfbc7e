"""The only cryptography: secrets sealed at rest, opened only for the moment of use."""
