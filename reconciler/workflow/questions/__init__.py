"""Questions about access: what they name, which policies they are asked of, answers."""
