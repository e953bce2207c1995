"""Policies of tags and how far resources comply."""
