"""Endpoints of one account: login sessions, API tokens, profile, webhooks and analytics."""
