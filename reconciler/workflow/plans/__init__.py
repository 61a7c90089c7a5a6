"""Plans: computed from the file and the live registries, and saved ones."""
