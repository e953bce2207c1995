"""The demo: a server, and beside it a small ML system that real public clients instrument.

``run_demo`` is what the command line calls; the ML system is the package ``workload``, which uses
nothing of the server.
"""

from vedette.demo.run import FAULTS, run_demo

__all__ = ["FAULTS", "run_demo"]
