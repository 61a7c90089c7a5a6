"""Names for what is the same in many places: principals, actions, groups, patterns."""
