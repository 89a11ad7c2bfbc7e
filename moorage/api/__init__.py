"""HTTP in: translate, authorise, respond. No rules, no SQL."""
