"""Real counterparts that the tests start themselves, on loopback only."""
