"""Every setting does what its sentence says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from core import database
from core.errors import InputProblem, NotAllowed
from core.models import (
    Account,
    AccountRole,
    AuditEntry,
    CampaignKind,
    Channel,
    Invitation,
    Message,
    MessageAccount,
    Person,
    SchoolSettings,
    Wording,
)
from core.permissions import Role, visitor
from core.rules.new_accounts import ROLES_BY_DEFAULT
from core.rules.school_fields import CHECKS
from core.rules.setting_words import SETTINGS
from core.services import accounts, auto_invitations, initial_passwords, portal, school, sign_in, wordings
from core.tables import candidates, person_facts, students
from core.tables import school as school_table
from core.tables import wordings as wordings_table
from core.tables.filters import Page, StudentFilter
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock


def _set(cast: Cast, **changes: Any) -> None:
    with database.transaction() as db:
        school.change_settings(db, cast.ada.actor, changes=changes)


def test_every_setting_has_a_sentence_and_a_check() -> None:
    assert set(SETTINGS) == set(CHECKS)
    assert set(CHECKS) <= set(SchoolSettings.model_fields)
    assert all(said.sentence.endswith(".") for said in SETTINGS.values())


def test_a_change_is_audited_by_the_name_of_the_setting_and_not_by_its_value(cast: Cast) -> None:
    _set(cast, alert_address="head@school.example", slip_days=10)
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "settings.changed")).one()
    assert entry.details == {"fields": ["alert_address", "slip_days"]}


@pytest.mark.parametrize(
    "changes",
    [
        {"languages": []},
        {"languages": ["en", "fr"]},
        {"languages": ["el"]},  # English is still the language of those whose own is not known
        {"portal_address": "http://portal.school.example"},
        {"portal_address": 'https://x"onmouseover=alert(1)'},
        {"portal_address": "javascript:alert(1)"},
        {"password_expires_days": 7},
        {"password_lengths": {"student": 7}},
        {"slip_days": 61},
        {"registered_statuses": []},
        {"registered_statuses": ["left"]},
        {"default_roles": {"student": "administrator"}},
        {"default_roles": {"staff": "office"}},
        {"alert_address": "nobody"},
        {"microsoft_domain": "school"},
        {"microsoft_domain": "sam@school.example"},
        {"microsoft_domain": "school.example/x"},
        {"microsoft_licence_group": "All students"},
    ],
)
def test_what_makes_no_sense_is_refused_in_words(cast: Cast, changes: dict[str, Any]) -> None:
    with pytest.raises(InputProblem):
        _set(cast, **changes)


@pytest.mark.parametrize("who", ["olga", "cora", "tom", "sam"])
def test_r59_only_administrators_change_settings(cast: Cast, who: str) -> None:
    with pytest.raises(NotAllowed), database.transaction() as db:
        school.change_settings(db, getattr(cast, who).actor, changes={"slip_days": 10})


def test_languages_that_the_school_does_not_write_stand_for_its_own(cast: Cast) -> None:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
    _set(cast, languages=["el"], default_language="el")
    with database.reading() as db:
        ids = wordings_table.newest(db, kind=CampaignKind.INITIAL_INVITATION, channel=Channel.EMAIL)
        assert ids["en"] == ids["el"]
        assert db.get_one(Wording, ids["en"]).language == "el"
    with pytest.raises(InputProblem), database.transaction() as db:
        portal.choose_language(db, cast.sam.actor, language="en")


def test_password_length_counts_per_user_type(cast: Cast) -> None:
    _set(cast, password_length=16, staff_password_length=18, password_lengths={"student": 20, "teacher": 22})
    with database.reading() as db:
        own = school_table.settings(db)
        shortest = [school_table.shortest_password(own, kind) for kind in ("student", "guardian", "teacher", "staff")]
    assert shortest == [20, 16, 22, 18]


def test_slip_days_decide_when_an_initial_password_ends(cast: Cast, clock: Clock) -> None:
    _set(cast, slip_days=5)
    with database.transaction() as db:
        initial_passwords.issue(db, cast.ada.actor, account_id=cast.sam.account.id, expected=1)
    with database.reading() as db:
        issued = db.exec(select(Invitation)).one()
        assert issued.expires_at == clock.now + timedelta(days=5)
        assert db.get_one(Account, cast.sam.account.id).invitation_ends_at == clock.now + timedelta(days=5)


def test_show_first_password_to_staff_off_shows_it_to_nobody(cast: Cast) -> None:
    with database.transaction() as db:
        initial_passwords.issue(db, cast.ada.actor, account_id=cast.sam.account.id, expected=1)
        assert initial_passwords.reveal(db, cast.ada.actor, account_id=cast.sam.account.id or 0)
    _set(cast, show_first_password=False)
    with database.transaction() as db, pytest.raises(NotAllowed, match="does not show first passwords"):
        initial_passwords.reveal(db, cast.ada.actor, account_id=cast.sam.account.id or 0)


def _opened(db: Session, cast: Cast) -> sign_in.Opened | None:
    candidate = candidates.named(db, username=cast.olga.account.username)
    return sign_in.open(db, visitor(), candidate=candidate, fits=True)


def test_r03_passwords_never_end_unless_the_school_insists(cast: Cast, clock: Clock) -> None:
    with database.transaction() as db:
        olga = db.get_one(Account, cast.olga.account.id)
        olga.password_hash, olga.password_changed_at = "hash", clock.now
        db.add(olga)
    clock.forward(days=400)
    with database.transaction() as db:
        opened = _opened(db, cast)
        assert opened is not None and opened.token
    _set(cast, password_expires_days=401)
    with database.transaction() as db:
        opened = _opened(db, cast)
        assert opened is not None and opened.token, "not yet"
    clock.forward(days=1)
    with database.transaction() as db:
        opened = _opened(db, cast)
    assert opened is not None and not opened.token and opened.chooses is not None


def _applicant(**fields: Any) -> int:
    with database.transaction() as db:
        return make.person(db, status="applicant", **fields).id or 0


@pytest.mark.both_databases
def test_student_statuses_that_count_decide_who_gets_an_account_in_python_and_in_sql(cast: Cast) -> None:
    applicant = _applicant()
    for statuses, counts in ((["registered"], False), (["registered", "applicant"], True)):
        _set(cast, registered_statuses=statuses)
        with database.reading() as db:
            plan = accounts.preview(db, cast.ada.actor, person_ids=[applicant])
            assert bool(plan.new) is counts
            policy = school_table.policy(school_table.settings(db))
            assert person_facts.contact(db.get_one(Person, applicant), None, policy).counts is counts
            rows = students.page(db, cast.ada.actor, filter=StudentFilter(email_refusals=("status",)), page=Page())
            assert not counts or applicant not in set(rows["id"])


def _create(cast: Cast, person_id: int) -> accounts.Created:
    with database.transaction() as db:
        plan = accounts.preview(db, cast.olga.actor, person_ids=[person_id])
        return accounts.create(db, cast.olga.actor, seen=plan.seen, person_ids=[person_id])


def _role_of(person_id: int) -> str | None:
    with database.reading() as db:
        query = select(AccountRole.role).join(Account, col(Account.id) == col(AccountRole.account_id))
        return db.exec(query.where(Account.person_id == person_id)).first()


@pytest.mark.parametrize(("role", "held"), [("student", "student"), ("", None)])
def test_the_default_role_of_a_user_type_is_what_new_accounts_hold(cast: Cast, role: str, held: str | None) -> None:
    _set(cast, default_roles={"student": role})
    with database.transaction() as db:
        person_id = make.person(db).id or 0
    _create(cast, person_id)
    assert _role_of(person_id) == held


def test_a_teacher_can_be_a_coordinator_of_the_classes_taught_by_default(cast: Cast) -> None:
    _set(cast, default_roles={"teacher": "coordinator"})
    with database.transaction() as db:
        person_id = make.person(db, kind="staff", in_section=cast.class_7b).id or 0
    _create(cast, person_id)
    with database.reading() as db:
        account = db.exec(select(Account).where(Account.person_id == person_id)).one()
        role = db.exec(select(AccountRole).where(AccountRole.account_id == account.id)).one()
    assert (role.role, role.everybody, role.section_ids) == (Role.COORDINATOR, False, [cast.class_7b.id])


def test_r59_no_role_that_sends_or_administers_is_given_by_itself() -> None:
    given = {role for roles in ROLES_BY_DEFAULT.values() for role in roles}
    assert given & {Role.ADMINISTRATOR, Role.OFFICE} == set()


def _invited(cast: Cast, **changes: Any) -> tuple[auto_invitations.Automatic, list[str]]:
    with database.transaction() as db:
        wordings.ensure_defaults(db)
        person_id = make.person(db, personal_email="new@mail.example").id or 0
    _set(cast, **changes)
    made = _create(cast, person_id)
    with database.transaction() as db:
        sent = auto_invitations.send(db, cast.olga.actor, change_id=made.change_id)
        query = select(Message.address).join(MessageAccount, col(MessageAccount.message_id) == col(Message.id))
        return sent, list(db.exec(query))


def test_auto_invitation_is_off_and_invites_nobody_by_itself(cast: Cast) -> None:
    assert SchoolSettings().auto_invite == []
    assert _invited(cast) == (auto_invitations.Automatic(), [])


def test_auto_invitation_of_a_user_type_queues_the_invitation_of_those_just_made(cast: Cast) -> None:
    sent, to = _invited(cast, auto_invite=["student"])
    assert (sent.invited, to) == (1, ["new@mail.example"])
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "campaign.launched")).one()
    assert entry.details["by_itself"] is True


def test_auto_invitation_of_another_user_type_invites_none_of_them(cast: Cast) -> None:
    assert _invited(cast, auto_invite=["guardian"]) == (auto_invitations.Automatic(), [])


def test_auto_invitation_never_writes_to_more_than_a_person_may_without_a_fresh_password(cast: Cast) -> None:
    assert _invited(cast, auto_invite=["student"], fresh_code_above=0) == (auto_invitations.Automatic(too_many=1), [])


def test_the_domain_and_the_group_of_microsoft_are_kept_as_they_are_used(cast: Cast) -> None:
    group = "11110000-0000-4000-8000-00000000000A"
    _set(cast, microsoft_domain=" @School.Example ", microsoft_licence_group=f" {group} ")
    with database.reading() as db:
        own = school_table.settings(db)
    assert (own.microsoft_domain, own.microsoft_licence_group) == ("school.example", group.lower())
