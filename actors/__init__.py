"""An actor-model supervisor for a social growth engine. `design` of the tree: see README, "The tree"."""
