"""The web console as it is served: its built assets and how they reach a browser.

The source is in ``console/`` of the repository; ``make console`` builds it into ``assets/`` here,
which is committed, so that neither installing nor running Vedette needs Node.
"""

from vedette.console.app import Console

__all__ = ["Console"]
