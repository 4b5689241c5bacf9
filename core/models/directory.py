"""What is known of Microsoft's directory: who is in it, who of the school that may be, and what is to be done there."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.models.columns import UtcDateTime


class DirectoryRunKind(StrEnum):
    """What is done with the directory."""

    LOOK_UP = "look_up"
    CREATE = "create"
    UPDATE = "update"


class DirectoryRunStatus(StrEnum):
    """Where it is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class DirectoryRun(SQLModel, table=True):
    """One look-up, or one round of creating or changing users.

    `token` names it to the engine: ids are given anew after a demo was emptied. `attempt` tells a process that works
    on it from an older one. `done` counts users read; what a round has done is counted from its changes. A round keeps
    the group and the country with which it was launched.
    """

    __tablename__ = "directory_run"

    id: int | None = Field(default=None, primary_key=True)
    token: str = Field(unique=True)
    kind: str
    status: str = Field(default=DirectoryRunStatus.WAITING, index=True)
    asked_by: int | None = Field(default=None, foreign_key="account.id")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 0
    done: int = 0
    refusal: str = ""
    tenant_id: str = ""
    group_id: str = ""
    country: str = ""


class DirectoryUser(SQLModel, table=True):
    """Somebody in the directory, as the latest look-up saw them: `run_id` says which one."""

    __tablename__ = "directory_user"

    object_id: str = Field(primary_key=True)
    run_id: int = Field(index=True)
    address: str
    display_name: str = ""
    given_name: str = ""
    surname: str = ""
    employee_id: str = ""
    mail: str = ""
    is_enabled: bool = True


class Decision(StrEnum):
    """What somebody said to a proposal."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class DirectoryMatch(SQLModel, table=True):
    """A person and a user who may be one, and whether they are. An accepted one ties the person's account."""

    __tablename__ = "directory_match"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "object_id"),
        sa.Index("directory_match_by_decision", "decision", "certainty", "person_id"),
        sa.Index("directory_match_by_object", "object_id", "decision"),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    tenant_id: str
    object_id: str
    certainty: str
    reason: str
    decision: str = Decision.OPEN
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ChangeStatus(StrEnum):
    """Where a change is. `sending`: asked for, and not heard of yet; `made`: there, but not in the group yet."""

    QUEUED = "queued"
    SENDING = "sending"
    MADE = "made"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class DirectoryChange(SQLModel, table=True):
    """One user to be made or changed for a person: claimed before Microsoft is asked, marked afterwards.

    The names, the code and whether they may sign in are those that the user is to have. The initial password is
    derived from `uid` and the key `kid`, and stored nowhere; a change has none.
    """

    __tablename__ = "directory_change"
    __table_args__ = (
        sa.UniqueConstraint("run_id", "person_id"),
        sa.Index("directory_change_by_status", "run_id", "status", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="directory_run.id")
    person_id: int = Field(foreign_key="person.id", index=True)
    address: str
    given_name: str
    surname: str
    employee_id: str
    is_enabled: bool = True
    uid: str = ""
    kid: str = ""
    object_id: str | None = None
    status: str = ChangeStatus.QUEUED
    reason: str = ""
    attempts: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
