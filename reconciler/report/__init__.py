"""Results in, strings out: one function for each result and format."""
