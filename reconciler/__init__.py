"""reconcile: declarative access to Amazon ECR repositories."""

__version__ = "0.1.0"
