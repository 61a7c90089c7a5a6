"""The problems and the layout of a file: one function for each format."""
