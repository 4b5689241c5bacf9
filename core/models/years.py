"""What comes again with the days and the school years: runs of reminders, and years that were begun."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.models.columns import UtcDateTime, json_type


class ReminderRun(SQLModel, table=True):
    """The reminders of one day of the school: the row is the turn, so there is one run a day whoever asks how often.

    `campaign_id` is empty on a day on which nobody had to be reminded.
    """

    __tablename__ = "reminder_run"

    day: date = Field(primary_key=True)
    made_at: datetime = Field(sa_type=UtcDateTime)
    campaign_id: int | None = Field(default=None, foreign_key="campaign.id")
    reminded: int = 0
    left_out: dict[str, int] = Field(default_factory=dict, sa_type=json_type())


class YearChange(SQLModel, table=True):
    """The beginning of a year, or another period made the current one: what undoing it needs besides the moves.

    `current_before`: the periods that were current. `sections_made`, `roles_made`: ids of the rows that came with it;
    `roles_before`: the classes of roles that went over to the new ones, by the id of the role, as they were.
    """

    __tablename__ = "year_change"

    id: int | None = Field(default=None, primary_key=True)
    period_id: int = Field(foreign_key="academic_period.id")
    made_by: int | None = Field(default=None, foreign_key="account.id")
    made_at: datetime = Field(sa_type=UtcDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    current_before: list[int] = Field(default_factory=list, sa_type=json_type())
    sections_made: list[int] = Field(default_factory=list, sa_type=json_type())
    roles_made: list[int] = Field(default_factory=list, sa_type=json_type())
    roles_before: dict[str, list[int]] = Field(default_factory=dict, sa_type=json_type())


class YearMove(SQLModel, table=True):
    """One student who went up or left with a year: what stood in the row before, and which class came after.

    `to_section_id` is empty for whoever left; `enrols` whether an enrolment in that class came with the move.
    """

    __tablename__ = "year_move"
    __table_args__ = (sa.Index("year_move_by_target", "change_id", "to_section_id"),)

    change_id: int = Field(foreign_key="year_change.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True, index=True)
    section_id: int | None = None
    grade: str
    sort_grade: str
    status: str
    updated_at: datetime = Field(sa_type=UtcDateTime)
    to_section_id: int | None = None
    enrols: bool = False
