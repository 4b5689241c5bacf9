"""Firstkey: the first key to the school's portal, for every student and parent."""
