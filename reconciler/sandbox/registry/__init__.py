"""What a registry has beside repositories: its policy, settings, templates and rules."""
