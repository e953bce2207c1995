"""Accounts of an organisation: links by which they share, quotas, usage and its price."""
