"""Adopting a registry: from its live policies to an access file that asks for the same; pure."""
