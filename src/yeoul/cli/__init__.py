"""The command `yeoul`."""
