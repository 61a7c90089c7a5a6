"""Policy texts: checked, stored, rewritten in reads, and changed by other writers."""
