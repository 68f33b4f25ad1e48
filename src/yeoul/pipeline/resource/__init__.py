"""The resource manager: chooses which task starts next, and on which worker. Pure."""
