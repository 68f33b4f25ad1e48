"""The engine of one machine: a zygote forks one sandboxed process for each attempt."""
