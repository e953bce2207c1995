"""Models: what training captures, the registry with its approvals, and what runs in production."""
