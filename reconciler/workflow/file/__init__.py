"""The access file and what it includes: read, at a git revision too, and formatted."""
