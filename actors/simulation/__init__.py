"""The house under a virtual clock: the same machines as the program's, driven by events instead of threads.

Nothing here knows a thread, a socket or the time of day, and every draw comes from the seed: equal workloads, settings
and seeds give byte-equal logs.
"""
