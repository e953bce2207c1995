"""Profiles of columns: aggregate states that the engine computes and that merge.

The same statements run beside the user's data (the SDK, the CLI) and in the server, so what leaves
the user's machine is states, never rows.
"""
