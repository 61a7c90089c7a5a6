"""Checks of the whole file: public access, never rules, Denies, sizes."""
