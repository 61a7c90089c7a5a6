"""The policy language: what a document means, and how to write one; pure."""
