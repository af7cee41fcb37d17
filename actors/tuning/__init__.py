"""Tuning: knobs as jobs read them, and the trials by which the optimizer turns them."""
