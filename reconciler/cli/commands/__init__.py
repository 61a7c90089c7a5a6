"""The commands of the command line, each a function that typer calls.

A module has the name of its command. `plan` has drift, too, `apply` has rollback, `access` has
explain, and `offline` has small commands without AWS. `cli.main` names them all, and loads the one
that runs.
"""
