"""Failures are counted in the database, so that a restart forgets none and all processes see the same (R08-R10).

What is counted never says who was tried, so an unknown username counts like a known one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from core import clock, database
from core.models import Account, Throttle, ThrottleScope, metadata
from core.models.columns import UtcDateTime
from core.permissions import Actor
from core.rules import networks, sign_in_limits
from core.services import audit
from core.tables import account_roles

KEPT = timedelta(days=8)
_table = metadata.tables["throttle"]
_COUNT = (
    sa.text(  # both databases know this form
        "INSERT INTO throttle (scope, subject, began_at, times) VALUES (:scope, :subject, :began_at, 1) "
        "ON CONFLICT (scope, subject, began_at) DO UPDATE SET times = throttle.times + 1 RETURNING times"
    )
    .bindparams(sa.bindparam("began_at", type_=UtcDateTime()))
    .columns(sa.column("times", sa.Integer))
)

# Made once: a sign-in asks four times, and to make one anew costs more than to run it.
_TIMES = (
    sa.select(sa.func.coalesce(sa.func.sum(col(Throttle.times)), 0))
    .where(
        col(Throttle.scope) == sa.bindparam("scope"),
        col(Throttle.subject) == sa.bindparam("subject"),
        col(Throttle.began_at) >= sa.bindparam("since"),
    )
    .execution_options(**database.KEPT)
)
_LATELY = sa.case((col(Throttle.began_at) >= sa.bindparam("lately"), col(Throttle.times)), else_=0)
_OF_DEVICE = (
    sa.select(sa.func.coalesce(sa.func.sum(_LATELY), 0), sa.func.coalesce(sa.func.sum(col(Throttle.times)), 0))
    .where(
        col(Throttle.scope) == ThrottleScope.DEVICE,
        col(Throttle.subject) == sa.bindparam("device"),
        col(Throttle.began_at) >= sa.bindparam("in_a_day"),
    )
    .execution_options(**database.KEPT)
)
_FORGIVE = sa.delete(_table).where(
    _table.c.scope == ThrottleScope.DEVICE.value, _table.c.subject == sa.bindparam("device")
)


def failed(db: Session, by: Actor, *, account_id: int | None, device: str = "") -> bool:
    """Count a wrong sign-in; True when administrators have to be told now, once a window (R10, R98)."""
    counted = count(db, ThrottleScope.EVERYBODY)
    from_address = count(db, ThrottleScope.ADDRESS, networks.subject(by.ip or ""))
    staff = db.scalar(sa.select(account_roles.is_staff()).where(col(Account.id) == (account_id or 0)))
    of_staff = count(db, ThrottleScope.STAFF) if staff else 0
    if device:
        count(db, ThrottleScope.DEVICE, device)
    usual = _usual(db)
    numbers = {"in_all": counted, "of_staff": of_staff, "from_address": from_address}
    if not sign_in_limits.is_attack(usual=usual, **numbers) or not _first_alarm(db):
        return False
    audit.record(db, by, action="sign_in.alarm", result="alarm", details=dict(numbers))
    return True


def count(db: Session, scope: ThrottleScope, subject: str = "") -> int:
    """One more in this window; gives how many that makes."""
    values = {"scope": scope.value, "subject": subject, "began_at": _window()}
    return int(db.connection().execute(_COUNT, values).scalar_one())


def slow_down(db: Session, *, ip: str) -> timedelta:
    """How long a browser that we do not know has to wait before its password is looked at."""
    since = _window() - sign_in_limits.WINDOW  # with the window before, so that its end is no fresh start
    return sign_in_limits.slow_down(
        from_address=_times(db, ThrottleScope.ADDRESS, networks.subject(ip), since=since),
        in_all=_times(db, ThrottleScope.EVERYBODY, "", since=since),
    )


def is_trusted(db: Session, *, device: str) -> bool:
    """Whether a known device may try although others made its account wait (R09)."""
    since = {"lately": _window() - sign_in_limits.WINDOW, "in_a_day": clock.now() - timedelta(days=1)}
    lately, in_a_day = db.connection().execute(_OF_DEVICE, {"device": device, **since}).one()
    return sign_in_limits.is_trusted(lately=int(lately), in_a_day=int(in_a_day))


def forgive(db: Session, *, device: str) -> None:
    """The right password came from this device: its failures were slips."""
    db.connection().execute(_FORGIVE, {"device": device})


def asked(db: Session, *, ip: str) -> timedelta:
    """Count somebody who asks for a link, and how long they wait for the answer when many have lately (R20, R24)."""
    from_address = count(db, ThrottleScope.ASKED_FROM, networks.subject(ip))
    return sign_in_limits.slow_down_asking(from_address=from_address, in_all=count(db, ThrottleScope.ASKED))


def set_out(db: Session, *, ip: str) -> timedelta:
    """Count somebody who sets out for Microsoft, and how long they wait when many from there have lately."""
    from_address = count(db, ThrottleScope.SET_OUT_FROM, networks.subject(ip))
    return sign_in_limits.slow_down_setting_out(from_address=from_address)


def forget_old(db: Session) -> int:
    """What says nothing any more about what is usual."""
    old = sa.delete(Throttle).where(col(Throttle.began_at) < clock.now() - KEPT)
    return int(db.execute(old).rowcount)  # type: ignore[attr-defined]


def _times(db: Session, scope: ThrottleScope, subject: str, *, since: datetime) -> int:
    asked = {"scope": scope.value, "subject": subject, "since": since}
    return int(db.connection().execute(_TIMES, asked).scalar_one())


def _usual(db: Session) -> float:
    """Failures in an average window of the last week, this one apart."""
    windows = timedelta(days=7) / sign_in_limits.WINDOW
    return (
        _times(db, ThrottleScope.EVERYBODY, "", since=_window() - timedelta(days=7))
        - _times(db, ThrottleScope.EVERYBODY, "", since=_window())
    ) / windows


def _first_alarm(db: Session) -> bool:
    """Whether nobody has told the administrators in this window; whoever is first does."""
    mine = (col(Throttle.scope) == ThrottleScope.EVERYBODY, col(Throttle.began_at) == _window())
    alarm = sa.update(Throttle).where(*mine, col(Throttle.alarmed_at).is_(None)).values(alarmed_at=clock.now())
    return bool(db.execute(alarm).rowcount)  # type: ignore[attr-defined]


def _window() -> datetime:
    return sign_in_limits.window_of(clock.now())
