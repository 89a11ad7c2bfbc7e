"""Conversations, messages and replies: decide → generate → settle."""
