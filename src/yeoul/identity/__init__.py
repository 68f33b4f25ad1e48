"""What belongs to being somebody here: passwords, mailed links, the mails themselves, and slowing down who guesses."""
