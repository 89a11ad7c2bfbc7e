"""Wire protocols of models; knows no database and no user."""
