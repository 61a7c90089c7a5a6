"""The canonical layout of an access file: order of keys, style, blank lines and comments."""
