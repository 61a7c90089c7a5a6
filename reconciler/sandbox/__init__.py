"""The embedded ECR, for trials and tests. It needs the `sandbox` extra."""
