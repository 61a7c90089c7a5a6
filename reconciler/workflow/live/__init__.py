"""The live registries: connections to them, who calls there, and what is read of them."""
