"""DAG definitions, and the scheduler of their runs. Pure."""
