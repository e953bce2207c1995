"""Names every layer shares: errors, settings, identity, ids and time. Imports nothing of ours."""
