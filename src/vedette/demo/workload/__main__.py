"""Starts one service: ``python -m vedette.demo.workload SERVICE``, in the workload's folder."""

from __future__ import annotations

import argparse
import importlib

import vedette

_SHUTDOWN_S = 25.0
_MODULES = {
    "etl": "etl",
    "trainer": "trainer",
    "profiler": "profiler",
    "history": "history",
    "predict-api": "predict_api",
    "prediction-logger": "prediction_logger",
    "traffic-client": "traffic",
}


def main() -> None:
    """Run the named service with the rest of the arguments."""
    parser = argparse.ArgumentParser(prog="python -m vedette.demo.workload")
    parser.add_argument("service", choices=_MODULES)
    arguments, rest = parser.parse_known_args()
    # Each service imports only what it needs: memory of the five counts.
    module = importlib.import_module(f"vedette.demo.workload.{_MODULES[arguments.service]}")
    try:
        module.main(rest)
    finally:
        # By itself it would take 5 s at most, which a busy machine may not be done in.
        vedette.shutdown(_SHUTDOWN_S)


if __name__ == "__main__":
    main()
