"""An actor-model supervisor for a social growth engine. `design` of the tree: see README, "The tree"."""

import os

# Read by numpy as it is loaded. Its matrices are small here: more threads only wait for each other, and on a busy
# machine they take twenty times as long, out of the time of P0.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
