"""The commands of the command line, each a function that typer calls.

Those of one file are in `offline`, those of a live registry in `online`; the others have modules of
their own: `access`, `adopt` (import), `consumer`, `demo`, `handover`, `layout` (fmt), `sandbox`.
"""
