"""Tuning: the few figures that the program may change by itself, within bounds and on trial."""
