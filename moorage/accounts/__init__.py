"""Users, teams, members, sign-in; `access` is the fail-closed gate."""
