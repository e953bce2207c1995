"""Signing in by an identity provider."""
