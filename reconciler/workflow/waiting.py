"""How long an apply or a rollback waits where its caller does not say."""

DEFAULT_WAIT = 20.0
"""Seconds to wait for new roles that AWS does not know yet."""
