"""Health: whether all the others do what they are there for."""
