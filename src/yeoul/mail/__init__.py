"""Sending mails: the Mailer protocol and its implementations."""
