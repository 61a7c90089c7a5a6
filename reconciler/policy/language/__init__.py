"""The parts of a policy document: principals, actions, conditions, operators; pure."""
