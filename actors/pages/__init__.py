"""Errands on the site. Playwright appears here as a type only; every selector lives in `selectors.py`."""
