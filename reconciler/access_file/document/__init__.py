"""The file as a YAML document: nodes with places, syntax, schema, problems."""
