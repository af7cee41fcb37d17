"""Measuring: what both scrapers share. The jobs decide which lane and what else is looked for on the page."""
