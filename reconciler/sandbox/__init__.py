"""The embedded ECR, for trying things out and for the tests; needs the `sandbox` extra."""
