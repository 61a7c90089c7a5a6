"""What action.yml runs in a job of GitHub Actions. It needs nothing but Python's own library."""
