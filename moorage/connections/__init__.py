"""Bring your own model: add, test in stages, discover, choose, rotate, disable; and the picker."""
