"""The settings of calls: credentials, roles, and endpoints."""
