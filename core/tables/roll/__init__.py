"""The roll: who is in the lists and what is asked of them, held in the memory of a web process.

One number for each person says which facts hold (`people`), orders are the ids of everybody in that order (`orders`).
What the facts are and how a list is ordered, SQL alone says (`facts`, `tables.ordering`): here nothing is decided a
second time. A filter is what it wants of the facts (`wanted`). The database notes whose facts may have changed
(`changes`); they are read again before each answer, so it is as new as one of SQL. Whom those see who see some classes
only is kept beside (`scopes`). What the roll cannot tell, tells SQL as before: while it is made, and when thousands
have changed (`held`).
"""
