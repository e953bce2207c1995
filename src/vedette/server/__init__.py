"""The server process: its services, its HTTP and gRPC surfaces, its life from start to stop."""

from vedette.server.process import Addresses, serve

__all__ = ["Addresses", "serve"]
