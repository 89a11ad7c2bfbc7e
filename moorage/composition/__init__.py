"""What settings turn into, one part at a time; `app.py` puts the parts together."""
