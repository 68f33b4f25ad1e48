"""Accounts: passwords and tokens, links in mails, mails to account owners, and throttling of login attempts."""
