"""The journal: its format, its file, and how a run records its writes."""
