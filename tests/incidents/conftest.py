from alarms.conftest import spec, watch

__all__ = ["spec", "watch"]
