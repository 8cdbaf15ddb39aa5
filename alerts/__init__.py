"""Routes, message composition, the outbox, delivery through Apprise."""
