"""The metadata database: tables, transactions, the durable queue and the outbox, on SQLite and PostgreSQL alike."""
