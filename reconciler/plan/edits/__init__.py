"""What of a plan is an edit of the file and what is drift, and the plan of the edit alone."""
