"""Publishing: the only family whose work the world can see."""
