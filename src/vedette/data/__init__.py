"""Data: profiles, drift, checks.

What needs no store (``profiling``, ``drift``, ``checks``) also runs beside the user's data, from the
SDK; this package must import nothing itself.
"""
