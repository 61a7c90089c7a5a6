"""The command line: options, wiring and exit codes; the only package that prints or exits."""
