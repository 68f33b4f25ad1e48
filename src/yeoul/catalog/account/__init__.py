"""Accounts, login sessions, channels, quotas, webhooks, settings changed at run time, and the audit log."""
