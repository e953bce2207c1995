"""Governance: the audit trail and its proof, accounts that share, quotas and usage, policies of tags."""
