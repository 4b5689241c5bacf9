"""Backups: a consistent copy of everything that cannot be made again, in one sealed file; and the way back."""
