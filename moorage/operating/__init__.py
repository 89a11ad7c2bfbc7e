"""The operator's desk: teams in figures, plans, standard providers, announcements, billing. No content, no endpoint."""
