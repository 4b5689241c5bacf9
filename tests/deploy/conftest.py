"""A district for the tests that need one: the site that deploy/ ships, two web processes and one PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlmodel import delete

from core import config, database
from core.models import SchoolSettings
from tests import cast as tests_cast
from tests.deploy.district import KEY, District, Processes
from tests.peers import nginx, postgres
from tests.peers.firstkey import free_port
from tests.peers.mailbox import mailbox
from tests.web import browsing


@pytest.fixture(scope="module")
def district(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    folder, ports, port = tmp_path_factory.mktemp("district"), (free_port(), free_port()), free_port()
    postgres.admin(postgres_url, "CREATE DATABASE district TEMPLATE template_firstkey")
    postgres.admin(postgres_url, "CREATE DATABASE district_engine")
    url = postgres_url.format(name="district").replace("postgresql://", "postgresql+psycopg://", 1)
    settings = {"database_url": url, "engine_url": postgres_url.format(name="district_engine"), "demo": "no"}
    settings |= {"public_base_url": f"https://localhost:{port}", "trusted_proxies": "127.0.0.1"}
    with (
        pytest.MonkeyPatch.context() as patch,
        mailbox() as box,
        nginx.running(folder, port=port, behind=ports) as front,
    ):
        processes = Processes(folder, email="smtp", smtp_url=box.url, **settings)
        patch.setenv("FIRSTKEY_DATABASE_URL", url)
        patch.setenv("FIRSTKEY_SECRET_KEY", KEY)
        _forget()
        processes.command("init")
        with database.transaction() as db:
            db.exec(delete(SchoolSettings))
            people = tests_cast.school(db)
        for member in (people.ada, people.olga):
            browsing.give_password(member.account)
        try:
            for each in ports:
                processes.web(each)
            processes.wait_for(*ports)
            yield District(front, processes, ports, people, box)
        finally:
            processes.stop_all()
            _forget()
    for name in ("district", "district_engine"):
        postgres.admin(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def _forget() -> None:
    database.forget()
    config.settings.cache_clear()
