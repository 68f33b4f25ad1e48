"""The built-in operations: each is one file with one function from (context, input) to output, run in a worker's child process."""
