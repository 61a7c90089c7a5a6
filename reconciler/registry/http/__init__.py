"""Signed HTTP requests over connections that are kept alive, without boto3."""
