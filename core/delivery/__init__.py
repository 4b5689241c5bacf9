"""DBOS drives batches of messages; our own `message` table is the truth."""
