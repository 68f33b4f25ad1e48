"""The metadata database: tables, transactions, durable queues and the outbox, for SQLite and PostgreSQL."""
