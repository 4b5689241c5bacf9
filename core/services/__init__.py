"""The verbs: one door per change. Each checks the permission, acts, and writes its audit entry."""

from core import database
from core.services import access

database.when_refused(access.refused)
