"""The search-box syntax."""
