"""What questions about access are answered: one function for each format."""
