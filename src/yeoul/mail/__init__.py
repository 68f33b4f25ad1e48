"""The way out for mails: one seam, and what stands behind it."""
