"""Pure functions of statistics: no store, no network, no state."""
