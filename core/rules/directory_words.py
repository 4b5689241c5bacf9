"""What people read about Microsoft's directory: why two may be one, and why somebody was not linked or created."""

from __future__ import annotations

from core.rules.directory_match import Reason
from core.rules.directory_users import NotTied
from core.rules.microsoft_accounts import NotCreated

# Said after a comma or “because”.
NOT_TIED: dict[NotTied, str] = {
    NotTied.ADDRESS: "their Microsoft address cannot be a username here",
    NotTied.NAME_TAKEN: "another account here has this username",
    NotTied.SOMEBODY_ELSE: "this Microsoft account belongs to somebody else here",
    NotTied.ALREADY: "they are linked to another Microsoft account",
}

MATCH_REASON: dict[Reason, str] = {
    Reason.CODE_AND_NAME: "the same code and name",
    Reason.ADDRESS_AND_NAME: "the same address and name",
    Reason.CODE: "the same code, another last name",
    Reason.ADDRESS: "the same address only",
    Reason.NAME: "the same name only",
    Reason.SIGNED_IN: "signed in with it",
    Reason.CREATED: "created from here",
}

NOT_CREATED: dict[NotCreated, str] = {
    NotCreated.OTHER_DOMAIN: "their Microsoft address is of another domain than the one in Settings",
    NotCreated.ADDRESS_TAKEN: "somebody else in Microsoft 365 has this address",
    NotCreated.ADDRESS: "their Microsoft address cannot be a username",
    NotCreated.THERE_ALREADY: "Microsoft 365 knows their code already: look up again",
    NotCreated.REFUSED: "Microsoft refused it: look at the name and the domain",
    NotCreated.NO_ANSWER: "Microsoft never gave a clear answer: look up again, then create who is missing",
    NotCreated.NO_LICENCE: "they are created, but could not be put into the licence group",
    NotCreated.NOT_LINKED: "they are created, but another account here has this username: look up again",
}
