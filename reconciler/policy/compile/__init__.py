"""From facts to the text of a policy; pure."""
