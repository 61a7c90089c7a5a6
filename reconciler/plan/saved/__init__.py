"""Saved plans: the JSON form, and its check by the schema."""
