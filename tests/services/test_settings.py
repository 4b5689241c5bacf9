"""Every setting does what its sentence says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from core import database
from core.config import ROOT
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
from core.rules.setting_words import SETTINGS, TYPED
from core.services import (
    accounts,
    activation,
    audit,
    auto_invitations,
    initial_passwords,
    invitations,
    portal,
    school,
    sign_in,
    wordings,
)
from core.tables import audit as audit_table
from core.tables import candidates, person_facts, students
from core.tables import school as school_table
from core.tables import wordings as wordings_table
from core.tables.filters import AuditFilter, Page, StudentFilter
from tests import cast as make
from tests.cast import Cast
from tests.conftest import Clock


def _set(cast: Cast, **changes: Any) -> None:
    with database.transaction() as db:
        school.change_settings(db, cast.ada.actor, changes=changes)


PROOFS = {
    "leavers_percent": "test_how_many_may_leave_at_once_is_a_setting_that_does_what_it_says",
    "folder_marks_leavers": "test_who_is_missing_leaves_only_where_the_school_wants_that_of_the_folder",
    "school_name": "test_the_name_of_the_school_stands_in_messages_on_paper_and_on_pages",
    "time_zone": "test_times_on_screen_and_on_paper_are_of_the_time_zone_of_the_setting",
    "languages": "test_languages_that_the_school_does_not_write_stand_for_its_own",
    "default_language": "test_languages_that_the_school_does_not_write_stand_for_its_own",
    "default_region": "test_a_national_number_is_one_of_the_country_of_the_setting",
    "help_contact": "test_the_help_contact_stands_at_the_end_of_a_message",
    "portal_address": "test_the_portal_address_of_the_settings_is_a_button_once_somebody_is_in",
    "microsoft": "test_every_combination_has_the_verdict_of_the_table_in_python_and_in_sql",
    "microsoft_domain": "test_the_dry_run_says_who_and_under_which_address_and_does_nothing",
    "microsoft_licence_group": "test_without_a_group_nobody_is_put_into_one",
    "microsoft_only_on_creation": "test_sync_only_on_creation_never_changes_anybody",
    "microsoft_user_types": "test_every_combination_has_the_verdict_of_the_table_in_python_and_in_sql",
    "registered_statuses": "test_student_statuses_that_count_decide_who_gets_an_account_in_python_and_in_sql",
    "default_roles": "test_the_default_role_of_a_user_type_is_what_new_accounts_hold",
    "username_pattern": "test_new_usernames_are_made_by_the_pattern_and_end_as_the_settings_say",
    "username_suffix": "test_new_usernames_are_made_by_the_pattern_and_end_as_the_settings_say",
    "show_first_password": "test_show_first_password_to_staff_off_prints_and_previews_no_password",
    "password_lengths": "test_password_length_counts_per_user_type",
    "password_length": "test_r01_the_schools_own_shortest_length_counts_per_user_type",
    "staff_password_length": "test_r01_the_schools_own_shortest_length_counts_per_user_type",
    "password_expires_days": "test_r03_passwords_never_end_unless_the_school_insists",
    "link_days": "test_a_new_link_ends_after_the_days_of_the_setting",
    "slip_days": "test_slip_days_decide_when_an_initial_password_ends",
    "sms_password_days": "test_what_a_text_message_carries_works_for_the_days_of_the_setting",
    "auto_invite": "test_auto_invitation_of_a_user_type_queues_the_invitation_of_those_just_made",
    "sms_number_order": "test_whose_number_gets_a_text_is_as_the_school_orders_and_young_grades_go_to_a_guardian",
    "sms_guardian_grades": "test_whose_number_gets_a_text_is_as_the_school_orders_and_young_grades_go_to_a_guardian",
    "allowed_regions": "test_numbers_of_countries_that_the_setting_does_not_allow_get_no_text",
    "sms_from_hour": "test_texts_leave_only_at_the_hours_of_the_school",
    "sms_until_hour": "test_texts_leave_only_at_the_hours_of_the_school",
    "sms_price": "test_a_campaign_that_costs_more_than_may_be_spent_is_refused",
    "sms_currency": "test_the_cost_of_text_messages_is_in_the_currency_of_the_setting",
    "sms_spend_per_day": "test_r78_the_money_of_the_day_is_never_overdrawn",
    "sms_per_day": "test_the_number_of_texts_on_one_day_is_limited",
    "email_per_day": "test_no_day_sees_one_message_more_than_its_limit_however_many_slots_send",
    "sms_per_number_per_day": "test_r78_a_number_gets_no_more_texts_on_a_day_than_the_school_allows",
    "fresh_code_above": "test_r31_above_a_settable_number_the_sign_in_must_be_fresh",
    "typed_count_above": "test_r64_above_a_settable_number_the_count_is_typed",
    "second_administrator_above": "test_up_to_the_number_and_with_the_setting_off_nothing_waits",
    "pause_after_failures": "test_after_so_many_failures_as_the_setting_says_a_campaign_pauses",
    "sms_pause_after_failures": "test_after_so_many_failures_as_the_setting_says_a_campaign_pauses",
    "alert_address": "test_r98_the_alert_is_mailed_to_the_address_of_the_settings_and_says_where_to_look",
    "second_factor": "test_r25_who_is_signed_in_when_the_school_switches_it_on_is_asked_at_the_next_sign_in",
    "administrator_idle_minutes": "test_r36_each_setting_of_sessions_holds_for_its_people_and_for_nobody_else",
    "administrator_session_hours": "test_r36_each_setting_of_sessions_holds_for_its_people_and_for_nobody_else",
    "idle_minutes": "test_r36_the_school_decides_how_long_a_session_lives",
    "session_hours": "test_r36_each_setting_of_sessions_holds_for_its_people_and_for_nobody_else",
    "tell_students_of_new_devices": "test_r33_students_are_told_where_the_school_wants_it",
    "reminders": "test_switched_off_outside_the_hours_or_without_a_mail_server_nothing_is_due",
    "reminder_after_days": "test_a_day_on_which_nobody_is_due_is_over_all_the_same",
    "reminders_at_most": "test_an_invitation_by_hand_begins_the_count_anew",
    "reminder_hour": "test_switched_off_outside_the_hours_or_without_a_mail_server_nothing_is_due",
    "keep_invitations_days": "test_r102_each_kind_is_kept_for_as_long_as_its_setting_says",
    "keep_outbox_days": "test_r102_each_kind_is_kept_for_as_long_as_its_setting_says",
    "keep_leavers_months": "test_r102_each_kind_is_kept_for_as_long_as_its_setting_says",
    "keep_audit_months": "test_r102_each_kind_is_kept_for_as_long_as_its_setting_says",
}


def test_every_setting_has_a_sentence_a_check_and_a_test_that_it_does_what_it_says() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert set(SETTINGS) == set(CHECKS) == set(PROOFS)
    assert [name for name in PROOFS.values() if f"def {name}(" not in tests] == []
    assert set(CHECKS) <= set(SchoolSettings.model_fields)
    assert all(said.sentence.endswith(".") for said in SETTINGS.values())


def test_a_change_is_audited_from_what_to_what_but_never_what_somebody_typed(cast: Cast) -> None:
    _set(cast, alert_address="head@school.example", slip_days=10, reminders=True, sms_price=0.1)
    with database.reading() as db:
        entry = db.exec(select(AuditEntry).where(AuditEntry.action == "settings.changed")).one()
        rows = audit_table.entries(db, cast.ada.actor, filter=AuditFilter(), page=Page())
        assert audit.verify(db).broken_at is None
    assert entry.details == {
        "fields": ["alert_address", "reminders", "slip_days", "sms_price"],
        "changes": {"reminders": [False, True], "slip_days": [21, 10], "sms_price": ["0.06", "0.1"]},
    }
    for said in ("changed: E-mail address for alerts", "21 → 10", "off → on", "0.06 → 0.1"):
        assert said in rows["more"][0]


def test_whatever_is_typed_into_a_setting_is_named_as_such() -> None:
    texts = {name for name in SETTINGS if isinstance(getattr(SchoolSettings(), name), str)}
    chosen = {"time_zone", "default_language", "default_region", "sms_currency"}
    assert texts - chosen == TYPED


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
    with database.transaction() as db:
        shortest = {}
        for member in (cast.sam, cast.gina, cast.tom, cast.olga):
            given = invitations.issue_link(
                db, account_id=member.account.id or 0, channel="email", address="a@mail.example", days=7
            )
            offer = activation.look_up(db, visitor(), token=given.token)
            shortest[member.account.user_type] = offer.shortest
            _refuses_what_is_shorter(offer)
    assert shortest == {"student": 20, "guardian": 16, "teacher": 22, "staff": 18}


def _refuses_what_is_shorter(offer: activation.Offer) -> None:
    fits = "kq7 vexing plum tram hat fog"[: offer.shortest]
    activation.check_password(offer, password=fits.replace(" ", "-"))
    with pytest.raises(InputProblem, match="too short"):
        activation.check_password(offer, password=fits[:-1].replace(" ", "-"))


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
