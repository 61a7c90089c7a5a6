"""What is live, as an access file can say it."""
