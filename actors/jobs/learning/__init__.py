"""Learning: what the measured outcomes say about the next choices."""
