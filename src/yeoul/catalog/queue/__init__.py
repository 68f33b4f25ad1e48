"""The durable queues: tasks, runs, leases, attempts, workers and the outbox."""
