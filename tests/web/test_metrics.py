"""/metrics: figures for Prometheus, to nobody else, and nobody's name in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core import clock as core_clock
from core import config, database, measures
from core.models import Fault
from core.permissions import command_line, visitor
from core.services import audit, backups
from core.web import faults, metrics, routes
from core.web.middleware.faults import Faults
from core.web.middleware.gate import Gate
from core.web.middleware.hosts import Hosts
from core.web.middleware.measured import Measured, area
from core.web.middleware.proxies import Proxies
from tests.cast import Cast
from tests.conftest import Clock

NEAR = {"host": "127.0.0.1:8501"}


@pytest.fixture(autouse=True)
def _counted_at_each_scrape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "KEPT_S", 0.0)


@pytest.fixture
def prometheus(cast: Cast) -> Iterator[TestClient]:
    """Somebody on this machine who asks our own routes."""
    kinds = (Proxies, Measured, Faults, Hosts, Gate)
    app = Starlette(routes=routes.ROUTES, middleware=[Middleware(kind) for kind in kinds])  # type: ignore[arg-type]
    with TestClient(app, client=("127.0.0.1", 5000), headers=NEAR) as client:
        yield client


def _figures(client: TestClient) -> dict[str, float]:
    text = client.get("/metrics").text
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.both_databases
def test_figures_of_queue_sign_ins_backup_and_disk(prometheus: TestClient, clock: Clock) -> None:
    with database.transaction() as db:
        backups.note_made(db, command_line("test"), size=1, key="k")
    clock.forward(hours=2)
    found = _figures(prometheus)
    assert found["firstkey_database_up"] == 1
    assert found["firstkey_backup_age_seconds"] == 7200
    assert found["firstkey_messages queued"] == found["firstkey_queue_due"] == 0
    assert found["firstkey_disk_free_bytes delivery engine"] > 0 and found["firstkey_delivering_processes"] == 0
    assert found["firstkey_sending_held"] == found["firstkey_campaigns_stopped"] == 0
    assert any(name.startswith("firstkey_info") for name in found)


@pytest.mark.both_databases
def test_sign_ins_are_those_of_the_last_day(prometheus: TestClient, cast: Cast, clock: Clock) -> None:
    def sign_ins() -> tuple[float, float]:
        found = _figures(prometheus)
        return found["firstkey_sign_ins_last_day opened"], found["firstkey_sign_ins_last_day refused"]

    with database.transaction() as db:
        audit.record(db, cast.sam.actor, action="sign_in.opened")
        audit.record(db, visitor("192.0.2.1"), action="sign_in.refused", result="refused")
    assert sign_ins() == (1, 1)
    clock.forward(hours=23)
    with database.transaction() as db:
        audit.record(db, cast.sam.actor, action="sign_in.opened")
    assert sign_ins() == (2, 1)
    clock.forward(hours=2)
    assert sign_ins() == (1, 0)


def test_what_rows_say_is_never_a_counter_for_rows_are_deleted(prometheus: TestClient) -> None:
    of_the_database = {family.name for family in metrics._School().collect()}
    families = {family.name: family.type for family in text_string_to_metric_families(prometheus.get("/metrics").text)}
    assert of_the_database <= set(families)
    assert {families[name] for name in of_the_database} == {"gauge"}


def test_names_follow_the_customs_of_prometheus(prometheus: TestClient) -> None:
    for family in text_string_to_metric_families(prometheus.get("/metrics").text):
        assert re.fullmatch(r"firstkey(_[a-z]+)+", family.name) and family.documentation.endswith("."), family.name
        endings = {sample.name.removeprefix(family.name) for sample in family.samples}
        assert family.type != "counter" or endings <= {"_total", "_created"}, family.name
        assert family.type != "histogram" or family.name.endswith("_seconds"), family.name
        assert family.type != "gauge" or not family.name.endswith(("_total", "_count", "_sum", "_bucket")), family.name


def test_answers_are_timed_by_the_sort_of_page_and_never_by_address(prometheus: TestClient) -> None:
    before = _figures(prometheus).get("firstkey_request_seconds_count invitation 3xx", 0)
    prometheus.get("/i/abcdefghijklmnopqrstuvwxyz", headers={"host": "localhost:8501"}, follow_redirects=False)
    found = _figures(prometheus)
    assert found["firstkey_request_seconds_count invitation 3xx"] == before + 1
    assert "abcdefghij" not in prometheus.get("/metrics").text
    assert {area("/students"), area("/anything/made/up"), area("*"), area("/")} == {"staff"}
    assert (area("/i/x"), area("/sign-in/code"), area("/_stcore/x"), area("/me/password")) == (
        "invitation",
        "sign-in",
        "machinery",
        "me",
    )


def test_r97_no_name_address_or_username_stands_in_them(prometheus: TestClient, cast: Cast) -> None:
    text = prometheus.get("/metrics").text.lower()
    for member in (cast.ada, cast.sam, cast.gina):
        for personal in (member.person.last_name, member.account.username, member.person.personal_email):
            assert not personal or personal.lower() not in text


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {"host": "localhost:8501"}, 200),
        ("::1", {"host": "[::1]:8501"}, 200),
        ("203.0.113.5", {"host": "127.0.0.1:8501"}, 404),
        ("127.0.0.1", {"host": "127.0.0.1:8501", "x-forwarded-for": "203.0.113.5"}, 404),
        ("203.0.113.5", {"host": "127.0.0.1:8501", "x-forwarded-for": "127.0.0.1"}, 404),
    ],
)
def test_r50_without_a_token_only_this_machine_is_answered(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, address: str, headers: dict[str, str], status: int
) -> None:
    monkeypatch.setenv("FIRSTKEY_TRUSTED_PROXIES", "127.0.0.1")
    config.settings.cache_clear()
    app = Starlette(routes=routes.ROUTES, middleware=[Middleware(kind) for kind in (Proxies, Faults, Hosts, Gate)])  # type: ignore[arg-type]
    with TestClient(app, client=(address, 5000)) as client:
        assert client.get("/metrics", headers=headers).status_code == status


def test_r50_with_a_token_only_who_shows_it(prometheus: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTKEY_METRICS_TOKEN", "a-token-of-its-own")
    config.settings.cache_clear()
    for said, status in (
        ("Bearer a-token-of-its-own", 200),
        ("Bearer other", 404),
        ("a-token-of-its-own", 404),
        ("", 404),
    ):
        assert prometheus.get("/metrics", headers={"authorization": said}).status_code == status


def test_a_database_that_is_away_is_a_figure_and_no_fault(
    prometheus: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.forget()
    monkeypatch.setenv("FIRSTKEY_DATABASE_URL", "postgresql+psycopg://firstkey@127.0.0.1:1/firstkey")
    config.settings.cache_clear()
    assert _figures(prometheus)["firstkey_database_up"] == 0
    database.forget()


@pytest.mark.both_databases
def test_errors_of_the_database_and_faults_are_counted_and_a_fault_is_kept_under_its_number(
    prometheus: TestClient, cast: Cast
) -> None:
    before = _figures(prometheus)
    with pytest.raises(sa.exc.DBAPIError) as raised, database.transaction() as db:
        db.execute(sa.text("SELECT missing FROM person WHERE first_name = 'Sideris'"))
    kind = type(raised.value.orig).__name__
    errors = f"firstkey_database_errors_total {kind}"
    try:
        raise RuntimeError("about maria@mail.example")
    except RuntimeError as error:
        reference = faults.log(error, "GET /students")
    after = _figures(prometheus)
    assert after[errors] == before.get(errors, 0) + 1
    assert after["firstkey_faults_total"] == before["firstkey_faults_total"] + 1
    with database.reading() as db:
        kept = db.get_one(Fault, reference)
    assert (kept.place, kept.what) == ("GET /students", "RuntimeError"), "and not what it said"


def test_a_flood_of_faults_is_kept_in_part(cast: Cast) -> None:
    for _time in range(40):
        faults.log(ValueError("again"), "GET /students")
    with database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Fault)) == 30
    assert measures.FAULTS is not None and core_clock.now()
