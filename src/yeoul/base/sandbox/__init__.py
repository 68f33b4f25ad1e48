"""The sandbox: how a process that reads what strangers sent gives up what it does not need.

`room.py` is the entry: it says what the process may use, and enters with every part that the kernel has. The other files are one part each.
"""
