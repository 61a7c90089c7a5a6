"""The commands of the command line, each a function that typer calls.

Those of one file are in `offline`, those of a live registry in `online`; the others have modules of
their own, named after them. `cli.main` names them all, and loads the one that runs.
"""
