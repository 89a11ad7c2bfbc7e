"""Backups: the whole database as one checked file, put back whole or not at all; and from one engine to the other."""
