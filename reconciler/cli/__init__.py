"""The command line: options, wiring and exit codes; the only room that prints or exits."""
