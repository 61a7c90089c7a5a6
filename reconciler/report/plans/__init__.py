"""A plan, drift, or the outcomes of an apply: one function for each format."""
