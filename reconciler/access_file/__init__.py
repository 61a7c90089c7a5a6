"""The access file: from YAML text to the grants that it asks for; pure."""
