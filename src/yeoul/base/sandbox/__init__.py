"""The sandbox: a process that reads uploaded files gives up every right that it does not need.

`room.py` is the entry point: it defines what a process may use, and applies each part that the kernel supports. The other files are the
parts.
"""
