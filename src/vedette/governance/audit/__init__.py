"""The audit trail beyond the catalog: calls that changed nothing, signed digests, exports, verification."""
