"""The outside world in miniature: a social site named Commons, its audience, a model endpoint, and named faults.

It runs as a process of its own and knows nothing of the engine that drives it: it imports only `domain` and `errors`.
What was ever published through it is in the event log of its data directory, and nowhere else.
"""
