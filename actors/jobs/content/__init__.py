"""Content: what is to be published, decided ahead of time."""
