"""The verbs: one door per change. Each checks the permission, acts, and writes its audit entry."""
