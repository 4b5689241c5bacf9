"""Long faults: short by default, long with `make chaos`."""
