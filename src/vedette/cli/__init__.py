"""The command line: ``vedette --help``.

Commands that ask a running server need only the base install; ``up``, ``demo``, ``doctor``,
``restore`` and everything with ``--local`` need ``vedette[server]``, and say so where it is absent.
"""

from vedette.cli.main import main

__all__ = ["main"]
