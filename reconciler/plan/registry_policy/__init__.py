"""The registry's own policy in a plan: its access, its change, and what that comes to."""
