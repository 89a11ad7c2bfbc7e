"""Errors nobody expected: each a log line, and where the operator wants it a report of class, code and place (P13)."""
