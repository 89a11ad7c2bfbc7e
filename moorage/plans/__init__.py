"""What each plan includes, as the operator wrote it: data, judged at the start and carried by every transaction."""
