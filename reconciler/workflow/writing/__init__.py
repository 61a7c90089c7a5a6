"""What writes to registries, an apply and a rollback, and the journal of both."""
