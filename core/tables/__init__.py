"""The read side: filter, sort, page and actor in; DataFrames and counts out. Writes nothing."""
