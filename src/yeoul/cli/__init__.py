"""The command line program `yeoul`."""
