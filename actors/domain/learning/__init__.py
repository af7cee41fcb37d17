"""What the account learns: which arm to play in which context, from measured outcomes alone."""
