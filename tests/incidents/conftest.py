from support.watch import spec, watch

__all__ = ["spec", "watch"]
