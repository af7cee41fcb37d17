"""What the jobs of insight share: posts that were studied, and what reaches `plan` of them."""
