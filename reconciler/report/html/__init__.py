"""Results as HTML pages. They need the `html` extra."""
