"""What posts of others are made like, and what that means for ours."""
