"""People and how they belong together: guardianships, periods, sections, enrolments."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from core.models.columns import UtcDateTime


class PersonKind(StrEnum):
    """Which list a person stands in."""

    STUDENT = "student"
    GUARDIAN = "guardian"
    STAFF = "staff"


class PersonStatus(StrEnum):
    """Active counts for others than students; which ones count for students is a setting (Policy.counts)."""

    REGISTERED = "registered"
    APPLICANT = "applicant"
    ACTIVE = "active"
    INACTIVE = "inactive"
    LEFT = "left"


_IS_MOBILE = sa.text("phone_region <> ''")  # a number at home that can get an SMS


class Person(SQLModel, table=True):
    """A student, guardian or member of staff.

    The columns from `search_text` on are made by rules.person_facts from the ones above, whenever those change.
    `mobile_region` and `phone_region` are the countries of numbers that can get an SMS, empty for any other number.
    `section_id` is the class under which a student is listed; other classes are enrolments. `has_account` is kept by
    the database itself: lists of those with or without an account walk an index.
    """

    __table_args__ = (
        sa.UniqueConstraint("kind", "source_id"),
        # Orders end with the grade, which is asked for most: who walks along them to a grade reads no whole rows.
        sa.Index("person_by_name", "kind", "sort_name", "id", "grade"),
        sa.Index("person_by_name_of_all", "has_account", "sort_name", "id"),
        sa.Index("person_by_first_name", "sort_first_name", "id", "kind", "grade"),
        sa.Index("person_by_account", "has_account", "kind", "sort_name", "id"),
        sa.Index("person_by_status", "kind", "status", "sort_name", "id", "grade"),
        sa.Index("person_by_programme", "kind", "programme", "sort_name", "id", "grade"),
        sa.Index("person_by_language", "kind", "language", "sort_name", "id", "grade"),
        sa.Index("person_by_personal_email", "kind", "personal_email", "id"),
        sa.Index("person_by_contact_email", "kind", "contact_email", "id"),
        sa.Index("person_by_external_email", "kind", "external_email", "id"),
        sa.Index("person_by_mobile", "mobile", "id", "kind"),
        sa.Index("person_by_phone", "phone", sqlite_where=_IS_MOBILE, postgresql_where=_IS_MOBILE),
        # Who can be reached: the flags stand in the index, so that counting reads nothing else.
        sa.Index(
            "person_by_reach",
            "kind",
            "mobile_region",
            "use_personal_email",
            "personal_email_valid",
            "contact_email_valid",
        ),
        sa.Index("person_by_grade", "kind", "grade", "sort_name", "id"),
        sa.Index("person_by_sort_grade", "kind", "sort_grade", "sort_name", "id"),
        sa.Index("person_by_code", "kind", "source_id"),
        sa.Index("person_by_section", "section_id", "kind", "sort_name", "id", "grade", "status"),
        sa.Index("person_by_update", "kind", "updated_at", "id"),
        # All that Account status and the counts of lists ask of a person: it is read from end to end.
        sa.Index(
            "person_for_status",
            *("id", "kind", "section_id", "grade", "status", "mobile_region", "phone_region", "use_personal_email"),
            *("personal_email_valid", "contact_email_valid", "has_account", "mobile"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    source_id: str
    first_name: str
    middle_name: str = ""
    last_name: str
    status: str
    grade: str = ""
    programme: str = ""
    section_id: int | None = Field(default=None, foreign_key="section.id")
    language: str = ""
    personal_email: str = ""
    use_personal_email: bool = False
    contact_email: str = ""
    external_email: str = ""
    mobile: str = ""
    phone: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    search_text: str = ""
    sort_name: str = ""
    sort_first_name: str = ""
    sort_grade: str = ""
    personal_email_valid: bool = False
    contact_email_valid: bool = False
    mobile_region: str = ""
    phone_region: str = ""
    has_account: bool = False


class Guardianship(SQLModel, table=True):
    """Who answers for a student, from when to when, and what may be sent to them about the student."""

    __table_args__ = (
        sa.UniqueConstraint("student_id", "guardian_id"),
        # Whose number an SMS goes to is asked of every student without one, when a list is counted.
        sa.Index(
            "guardianship_in_order",
            *("student_id", "priority", "id", "guardian_id", "may_sms", "starts_on", "ends_on"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    student_id: int = Field(foreign_key="person.id")
    guardian_id: int = Field(foreign_key="person.id", index=True)
    relation: str = ""
    priority: int = 1
    may_email: bool = True
    may_sms: bool = True
    starts_on: date | None = None
    ends_on: date | None = None


class AcademicPeriod(SQLModel, table=True):
    """A school year or term; one of them is current."""

    __tablename__ = "academic_period"

    id: int | None = Field(default=None, primary_key=True)
    source_id: str = Field(unique=True)
    title: str
    starts_on: date | None = None
    ends_on: date | None = None
    is_current: bool = False


class Section(SQLModel, table=True):
    """A class in a period. `sort_title` is made from the title by rules.search_text: 2B stands before 10A."""

    __table_args__ = (sa.UniqueConstraint("period_id", "source_id"), sa.Index("section_by_title", "sort_title", "id"))

    id: int | None = Field(default=None, primary_key=True)
    source_id: str
    period_id: int = Field(foreign_key="academic_period.id")
    title: str
    sort_title: str = ""
    grade: str = ""
    school: str = ""


class EnrolmentKind(StrEnum):
    """In which quality a person belongs to a section."""

    LEARNER = "learner"
    TEACHER = "teacher"


class Enrolment(SQLModel, table=True):
    """A student or teacher in a section."""

    __table_args__ = (sa.UniqueConstraint("section_id", "person_id"),)

    id: int | None = Field(default=None, primary_key=True)
    section_id: int = Field(foreign_key="section.id")
    person_id: int = Field(foreign_key="person.id", index=True)
    kind: str = EnrolmentKind.LEARNER


class PersonChange(SQLModel, table=True):
    """A note by the database that something about a person changed: lists held in memory read on from there.

    `person_id` is 0 where it concerns many; `of_account`: nothing else of the person. `xact`: the transaction on
    PostgreSQL. The oldest are forgotten by and by (services.change_notes).
    """

    __tablename__ = "person_change"
    __table_args__ = (
        sa.Index("person_change_by_xact", "xact", sqlite_where=sa.text("xact > 0")),  # there never
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int
    of_account: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    xact: int = Field(default=0, sa_type=sa.BigInteger, sa_column_kwargs={"server_default": "0"})
