"""The ledger: reserve before sending, settle exactly once, and the statistics made of it."""
