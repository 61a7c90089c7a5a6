"""What policies mean: facts, their difference, decisions on requests, what is public; pure."""
