"""Endpoints for admins: accounts, queues, settings and the audit log."""
