"""What slips print: who gets which, with the live secrets derived at this moment and stored nowhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core import keys
from core.models import Account, DirectoryChange, Guardianship, Invitation, Person, PersonKind, Purpose, SignInMethod
from core.permissions import Actor, Role
from core.rules import initial_credentials, slip_words
from core.rules.handing_over import SlipSecret
from core.rules.report_parameters import NO_CLASS, CredentialParameters
from core.tables import handing_over, microsoft_passwords, reports, school, scope

Row = tuple[Any, ...]  # what core.documents.papers.SlipRow holds
STAFF, WITHOUT_CLASS = "Staff", "Without class"
_TITLES = {"name": "By name", "code": "By student code"}
_ALL = CredentialParameters()


@dataclass(frozen=True)
class SlipGroup:
    """The slips of a class: its students and those who answer for them."""

    title: str
    account_ids: list[int]
    rows: list[Row] = field(repr=False)


@dataclass(frozen=True)
class _Wards:
    """Whom a guardian answers for: the relation to the first, the names of all, the first one's class and code."""

    relation: str
    names: str
    section_id: int | None
    code: str


@dataclass(frozen=True)
class _Found:
    """A slip and its place: the group, then the place in it; the family whose letter it stands on."""

    group: tuple[Any, ...]
    title: str
    place: tuple[Any, ...]
    family: int
    is_ward: bool
    account_id: int
    row: tuple[Any, ...] = field(repr=False)


def of_accounts(
    db: Session, actor: Actor, *, account_ids: sa.Select[Any], parameters: CredentialParameters = _ALL
) -> Iterator[SlipGroup]:
    """A slip for each account, in the order asked for; `page_per_class` keeps each class together."""
    found = list(_found(db, actor, account_ids, parameters))
    leading: dict[int, _Found] = {}
    for slip in sorted(found, key=lambda slip: (not slip.is_ward, slip.group, slip.place)):
        leading.setdefault(slip.family, slip)  # a family stands where its first student stands
    found.sort(key=lambda slip: (*_of(leading[slip.family]), slip.family, slip.is_ward, slip.place))
    for title, slips in groupby(found, key=lambda slip: leading[slip.family].title):
        listed = list(slips)
        yield SlipGroup(title, [slip.account_id for slip in listed], [(*slip.row, slip.family) for slip in listed])


def languages(db: Session, *, account_ids: sa.Select[Any]) -> set[str]:
    """In which languages these people are written to."""
    own = sa.func.coalesce(sa.func.nullif(col(Person.language), ""), school.settings(db).default_language)
    spoken = sa.select(own).join(Account, col(Account.person_id) == col(Person.id))
    return set(db.scalars(spoken.where(col(Account.id).in_(account_ids)).distinct()))


def _of(slip: _Found) -> tuple[Any, ...]:
    return slip.group, slip.title, slip.place


def _found(
    db: Session, actor: Actor, account_ids: sa.Select[Any], parameters: CredentialParameters
) -> Iterator[_Found]:
    titles, wards = reports.classes(db), _wards(db, actor, account_ids, parameters.section_ids)
    asked_first = _asked_first(db, account_ids) if parameters.one_per_family else {}
    reader, seen = _Reader(actor, school.settings(db).default_language, parameters), set[int]()
    by_class = parameters.page_per_class or parameters.order == "class"
    for at, row in enumerate(db.execute(_query(account_ids))):
        if row.account_id in seen:
            continue
        seen.add(row.account_id)
        of = wards.get(row.person_id)
        title, order = titles.get((of.section_id if of else row.section_id) or 0, (WITHOUT_CLASS, (1,)))
        if row.kind == PersonKind.STAFF:
            title, order = STAFF, (2,)
        code = of.code if of else row.source_id
        place = (row.kind == PersonKind.STAFF, reports.natural(code), at) if parameters.order == "code" else (at,)
        family = asked_first.get(row.person_id, row.person_id) if parameters.one_per_family else row.person_id
        is_ward, slip = row.kind == PersonKind.STUDENT, reader.slip(row, title, of)
        group, name = (order, title) if by_class else ((), _TITLES[parameters.order])
        yield _Found(group, name, place, family, is_ward, row.account_id, slip)


def count(
    db: Session, actor: Actor, *, account_ids: sa.Select[Any], parameters: CredentialParameters = _ALL
) -> dict[SlipSecret, int]:
    """How many slips there would be, by what they would say about the way in. The database counts: no row is read."""
    secret = _secret(Role.ADMINISTRATOR in actor.roles, parameters).label("secret")
    query = sa.select(secret).select_from(Account).join(Person, col(Person.id) == col(Account.person_id))
    said = query.where(col(Account.id).in_(account_ids), scope.people(actor)).subquery()
    rows = db.execute(sa.select(said.c.secret, sa.func.count()).group_by(said.c.secret))
    return dict.fromkeys(SlipSecret, 0) | {SlipSecret(word): number for word, number in rows}


def _secret(may_all: bool, parameters: CredentialParameters) -> sa.ColumnElement[str]:
    """What `_Reader.secret` says of an account, as the database asks it."""
    kids = sorted(keys.known())
    microsoft = col(Account.sign_in_method) != SignInMethod.LOCAL
    ways: list[tuple[sa.ColumnElement[bool], SlipSecret]] = []
    if parameters.show_passwords:
        mine = sa.true() if may_all else sa.not_(handing_over.is_staff())
        ways.append((sa.and_(microsoft, mine, _has_new_user(kids)), SlipSecret.MICROSOFT_PASSWORD))
    ways += [
        (microsoft, SlipSecret.MICROSOFT),
        (col(Account.password_hash) != "", SlipSecret.CHOSEN),
    ]
    if not may_all:
        ways.append((handing_over.is_staff(), SlipSecret.STAFF))
    if parameters.show_passwords:
        ways.append((_has_live(Purpose.PASSWORD, kids), SlipSecret.PASSWORD))
    ways.append((_has_live(Purpose.LINK, kids), SlipSecret.LINK))
    nothing = SlipSecret.NONE if parameters.show_passwords else SlipSecret.NO_LINK
    return sa.case(*((asked, said.value) for asked, said in ways), else_=nothing.value)


def _has_live(purpose: Purpose, kids: list[str]) -> sa.ColumnElement[bool]:
    live = aliased(Invitation)
    return sa.exists().where(_live(live, purpose), col(live.kid).in_(kids)).correlate(Account)


def _has_new_user(kids: list[str]) -> sa.ColumnElement[bool]:
    new = aliased(DirectoryChange)
    return sa.exists().where(microsoft_passwords.of_account(new), col(new.kid).in_(kids)).correlate(Account)


def with_guardians(actor: Actor, *, account_ids: sa.Select[Any]) -> sa.Select[Any]:
    """These accounts and those of the guardians who answer today for the students among them."""
    students = sa.select(col(Account.person_id)).where(col(Account.id).in_(account_ids))
    guardians = sa.select(col(Account.id)).join(Person, col(Person.id) == col(Account.person_id))
    guardians = guardians.join(Guardianship, col(Guardianship.guardian_id) == col(Person.id))
    guardians = guardians.where(col(Guardianship.student_id).in_(students), scope.holds_today(), scope.people(actor))
    both = account_ids.union(guardians).subquery()
    return sa.select(both.c[0])


def of_classes(actor: Actor, *, account_ids: sa.Select[Any], section_ids: Collection[int]) -> sa.Select[Any]:
    """Those among them who are listed under these classes, or answer for a student who is.

    Whoever answers for nobody whom the actor may see is printed among those without a class, and is found there.
    """
    listed = sa.select(col(Person.id)).where(col(Person.kind) == PersonKind.STUDENT, is_in(Person, section_ids))
    guardians = scope.guardians_of(listed.where(scope.wards(actor)))
    asked: list[sa.ColumnElement[bool]] = [col(Person.id).in_(listed), col(Person.id).in_(guardians)]
    if NO_CLASS in section_ids:
        asked.append(_answers_for_nobody(actor))
    query = sa.select(col(Account.id)).join(Person, col(Person.id) == col(Account.person_id))
    return query.where(col(Account.id).in_(account_ids), sa.or_(*asked))


def class_ids(db: Session, actor: Actor, *, account_ids: sa.Select[Any]) -> set[int]:
    """The classes of these people: of the students, and of those for whom the guardians answer; NO_CLASS for none."""
    theirs = sa.select(col(Account.person_id)).where(col(Account.id).in_(account_ids))
    ward = aliased(Person)
    wards = sa.select(col(Guardianship.student_id)).join(ward, col(ward.id) == col(Guardianship.student_id))
    wards = wards.where(col(Guardianship.guardian_id).in_(theirs), scope.holds_today(), scope.wards(actor, ward))
    students = sa.select(col(Person.section_id)).where(col(Person.kind) == PersonKind.STUDENT)
    found = set(db.scalars(students.where(col(Person.id).in_(theirs.union(wards))).distinct()))
    alone = sa.select(col(Person.id)).where(col(Person.id).in_(theirs), _answers_for_nobody(actor)).limit(1)
    if None not in found and db.scalar(alone) is not None:
        found.add(None)
    return {section_id or NO_CLASS for section_id in found}


def is_in(person: type[Person], section_ids: Collection[int]) -> sa.ColumnElement[bool]:
    """Holds for students listed under these classes, or under none where NO_CLASS is among them."""
    listed = col(person.section_id).in_(sorted({*section_ids} - {NO_CLASS}))
    return sa.or_(listed, col(person.section_id).is_(None)) if NO_CLASS in section_ids else listed


def _answers_for_nobody(actor: Actor) -> sa.ColumnElement[bool]:
    """Holds for guardians without a student today whom the actor may see."""
    ward = aliased(Person)
    wards = sa.select(col(Guardianship.id)).join(ward, col(ward.id) == col(Guardianship.student_id))
    wards = wards.where(col(Guardianship.guardian_id) == col(Person.id), scope.holds_today(), scope.wards(actor, ward))
    return sa.and_(col(Person.kind) == PersonKind.GUARDIAN, sa.not_(wards.exists()))


def wanted(account_ids: sa.Select[Any], parameters: CredentialParameters) -> sa.Select[Any]:
    """Those among them whom the parameters ask for."""
    query = sa.select(col(Account.id)).join(Person, col(Person.id) == col(Account.person_id))
    query = query.where(col(Account.id).in_(account_ids))
    if parameters.whose != "both":
        kind = PersonKind.STUDENT if parameters.whose == "students" else PersonKind.GUARDIAN
        query = query.where(col(Person.kind) == kind)
    if parameters.never_signed_in_only:
        query = query.where(col(Account.first_sign_in_at).is_(None))
    return query


class _Reader:
    """Reads slips for one actor: what belongs to members of staff is for administrators only."""

    def __init__(self, actor: Actor, language: str, parameters: CredentialParameters) -> None:
        self._keys = keys.known()
        self._all = Role.ADMINISTRATOR in actor.roles
        self._language, self._parameters = language, parameters

    def secret(self, row: Any) -> SlipSecret:
        if row.sign_in_method != SignInMethod.LOCAL:
            shown = self._parameters.show_passwords and (self._all or not row.is_staff)
            return SlipSecret.MICROSOFT_PASSWORD if shown and row.new_kid in self._keys else SlipSecret.MICROSOFT
        if row.has_chosen:
            return SlipSecret.CHOSEN
        if row.is_staff and not self._all:
            return SlipSecret.STAFF
        if row.password_kid in self._keys and self._parameters.show_passwords:
            return SlipSecret.PASSWORD
        if row.link_kid in self._keys:
            return SlipSecret.LINK
        return SlipSecret.NONE if self._parameters.show_passwords else SlipSecret.NO_LINK

    def slip(self, row: Any, title: str, of: _Wards | None) -> tuple[str, ...]:
        secret = self.secret(row)
        password = until = token = link_until = ""
        if secret is SlipSecret.PASSWORD:
            password = initial_credentials.initial_password(self._keys[row.password_kid].secret, row.password_uid)
            until = row.password_ends.isoformat(" ")[:16]
        elif secret is SlipSecret.MICROSOFT_PASSWORD:
            password = initial_credentials.microsoft_password(self._keys[row.new_kid].secret, row.new_uid)
        if row.link_kid in self._keys and (self._all or not row.is_staff):
            token = initial_credentials.link_token(self._keys[row.link_kid].secret, row.link_uid)
            link_until = row.link_ends.isoformat(" ")[:16]
        if secret is SlipSecret.LINK:
            until, link_until = link_until, ""
        relation, names = (of.relation, of.names) if of else ("", "")
        name, language = (
            f"{row.first_name} {row.last_name}".strip(),
            self._parameters.language or row.language or self._language,
        )
        code = row.source_id if row.kind == "student" else ""
        if title in (STAFF, WITHOUT_CLASS) and self._parameters.layout != "table":  # a table is in English
            title = slip_words.group(language, title)
        shown = (name, code, title, row.kind, relation, names, row.username)
        return *shown, secret.value, password, until, token, link_until, language


def _query(account_ids: sa.Select[Any]) -> sa.Select[Any]:
    password, link, new = aliased(Invitation), aliased(Invitation), aliased(DirectoryChange)
    columns: tuple[Any, ...] = (
        col(Account.id).label("account_id"),
        col(Person.id).label("person_id"),
        col(Person.kind),
        col(Person.source_id),
        col(Person.first_name),
        col(Person.last_name),
        col(Person.language),
        col(Person.section_id),
        col(Account.username),
        col(Account.sign_in_method),
        (col(Account.password_hash) != "").label("has_chosen"),
        handing_over.is_staff().label("is_staff"),
        *_columns(password, "password"),
        *_columns(link, "link"),
        col(new.uid).label("new_uid"),
        col(new.kid).label("new_kid"),
    )
    query = sa.select(*columns).select_from(Account).join(Person, col(Person.id) == col(Account.person_id))
    query = query.outerjoin(password, _live(password, Purpose.PASSWORD)).outerjoin(link, _live(link, Purpose.LINK))
    query = query.outerjoin(new, microsoft_passwords.of_account(new))
    order = (col(Person.sort_name), col(Person.id), *(col(one.id).desc() for one in (password, link, new)))
    return query.where(col(Account.id).in_(account_ids)).order_by(*order)


def _columns(invitation: Any, name: str) -> tuple[Any, ...]:
    return (
        invitation.uid.label(f"{name}_uid"),
        invitation.kid.label(f"{name}_kid"),
        invitation.expires_at.label(f"{name}_ends"),
    )


def _live(invitation: Any, purpose: Purpose) -> sa.ColumnElement[bool]:
    return sa.and_(
        invitation.account_id == col(Account.id), invitation.purpose == purpose, handing_over.live(invitation)
    )


def _wards(db: Session, actor: Actor, account_ids: sa.Select[Any], section_ids: Collection[int]) -> dict[int, _Wards]:
    """By the person id of each guardian, within the actor's scope; a student of the classes asked for stands first."""
    columns = (col(Guardianship.guardian_id), col(Guardianship.relation), col(Person.section_id), col(Person.source_id))
    query = sa.select(*columns, col(Person.first_name), col(Person.last_name))
    query = query.join(Person, col(Person.id) == col(Guardianship.student_id))
    guardians = sa.select(col(Account.person_id)).where(col(Account.id).in_(account_ids))
    query = query.where(col(Guardianship.guardian_id).in_(guardians), scope.holds_today(), scope.wards(actor))
    found: dict[int, list[Any]] = {}
    for row in db.execute(query.order_by(col(Guardianship.guardian_id), col(Person.sort_name))):
        found.setdefault(row.guardian_id, []).append(row)
    for rows in found.values():
        rows.sort(
            key=lambda row: (row.section_id or NO_CLASS) not in section_ids
        )  # the rest stays in the order of names
    return {
        guardian: _Wards(
            rows[0].relation,
            ", ".join(f"{row.first_name} {row.last_name}" for row in rows),
            rows[0].section_id,
            rows[0].source_id,
        )
        for guardian, rows in found.items()
    }


def _asked_first(db: Session, account_ids: sa.Select[Any]) -> dict[int, int]:
    """By the person id of each student, the guardian who is asked first today: theirs is the family's letter.

    No letter carries what belongs to a second guardian, who may live elsewhere: that one gets a letter of their own.
    """
    students = sa.select(col(Account.person_id)).where(col(Account.id).in_(account_ids))
    query = sa.select(col(Guardianship.student_id), col(Guardianship.guardian_id))
    query = query.where(col(Guardianship.student_id).in_(students), scope.holds_today())
    found: dict[int, int] = {}
    for student, guardian in db.execute(query.order_by(col(Guardianship.priority), col(Guardianship.id))):
        found.setdefault(student, guardian)
    return found
