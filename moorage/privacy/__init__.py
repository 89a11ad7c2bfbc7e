"""What becomes of people's data: exports, retention, erasure, and what a team must be able to show of it."""
