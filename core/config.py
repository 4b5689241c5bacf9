"""Settings of this installation, from the environment or `.env` (prefix FIRSTKEY_). See .env.example.

What the school decides is not here but in models.records.SchoolSettings.
"""

from __future__ import annotations

import os
from functools import cached_property, lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

import sqlalchemy as sa
from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "data" / "var"
NO_DATABASE = "is no address of a database; write sqlite:////folder/file.db or postgresql+psycopg://user@host/database"
OWN_COMMAND = Path("/usr/local/sbin/firstkey")


class Settings(BaseSettings):
    """One field per FIRSTKEY_ variable; the names and defaults stand in .env.example."""

    model_config = SettingsConfigDict(
        env_prefix="FIRSTKEY_", env_file=ROOT / ".env", extra="ignore", hide_input_in_errors=True
    )

    database_url: str = f"sqlite:///{VAR / 'firstkey.db'}"
    engine_url: str = f"sqlite:///{VAR / 'engine.db'}"
    folder: str = ""
    listen_on: str = "127.0.0.1"
    port: int = Field(8501, ge=1, le=65_535)
    public_base_url: str = ""
    secret_key: str = ""
    secret_key_previous: str = ""
    email: Literal["outbox", "smtp", "graph"] = "outbox"
    smtp_url: str = ""
    email_from: str = "School office <office@localhost>"
    email_rate: float = Field(50, gt=0)
    email_slots: int = Field(4, ge=1)
    email_rest_after: int = Field(5, ge=1)
    email_rest_seconds: float = Field(30, gt=0)
    email_longest_rest_seconds: float = Field(900, gt=0)
    email_give_up_hours: float = Field(4, gt=0, le=168)
    grace_seconds: int = 30
    bounce_imap_url: str = ""
    sms: Literal["outbox", "twilio"] = "outbox"
    sms_rate: float = Field(10, gt=0)
    sms_slots: int = Field(2, ge=1)
    sms_rest_after: int = Field(5, ge=1)
    sms_rest_seconds: float = Field(30, gt=0)
    sms_longest_rest_seconds: float = Field(900, gt=0)
    sms_give_up_hours: float = Field(4, gt=0, le=168)
    twilio_account_sid: str = ""
    twilio_auth_token: str = ""
    twilio_auth_token_previous: str = ""
    twilio_from: str = ""
    twilio_messaging_service: str = ""
    twilio_api_base_url: str = ""
    microsoft_tenant_id: str = ""
    microsoft_client_id: str = ""
    microsoft_client_secret: str = ""
    microsoft_authority: str = "https://login.microsoftonline.com"
    microsoft_graph_url: str = "https://graph.microsoft.com"
    graph_mailbox: str = ""
    deliver_in_web: bool = True
    executor_id: str = ""
    trusted_proxies: str = ""
    cjk_font: str = ""
    backup_folder: str = ""
    backup_key_file: str = ""
    import_folder: str = ""
    demo: bool = True
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    metrics_token: str = ""

    @field_validator("database_url", "engine_url")
    @classmethod
    def _is_a_database(cls, value: str) -> str:
        try:
            sa.make_url(value).get_dialect()
        except (sa.exc.ArgumentError, ValueError, ImportError):  # no address, no port, no program that reads it
            raise ValueError(NO_DATABASE) from None  # a password may stand in it
        return value

    @field_validator("public_base_url")
    @classmethod
    def _no_path(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/")):
            raise ValueError("FIRSTKEY_PUBLIC_BASE_URL is an address like https://keys.school.example, without a path")
        usual = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
        return f"{parts.scheme}://{parts.netloc.lower().removesuffix(usual)}" if value else ""  # as browsers write it

    @field_validator("microsoft_authority", "microsoft_graph_url")
    @classmethod
    def _over_tls(cls, value: str) -> str:
        if not value.startswith("https://"):
            raise ValueError("the addresses of Microsoft begin with https://")
        return value.rstrip("/")

    @field_validator("listen_on")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        try:
            return str(ip_address(value))
        except ValueError as error:
            raise ValueError("FIRSTKEY_LISTEN_ON is an address of this machine, such as 10.0.0.12") from error

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        try:
            for part in filter(None, value.replace(" ", "").split(",")):
                ip_network(part, strict=False)
        except ValueError as error:
            raise ValueError(
                "FIRSTKEY_TRUSTED_PROXIES is a list of addresses or networks: 10.0.0.5, fd00::/8"
            ) from error
        return value

    @field_validator("cjk_font")
    @classmethod
    def _is_there(cls, value: str) -> str:
        if value and not Path(value).is_file():
            raise ValueError("FIRSTKEY_CJK_FONT is the path of a font file (ttf, otf, ttc); there is none at this path")
        return value

    @model_validator(mode="after")
    def _rests_grow(self) -> Self:
        for channel in ("email", "sms"):
            if getattr(self, f"{channel}_longest_rest_seconds") < getattr(self, f"{channel}_rest_seconds"):
                name = f"FIRSTKEY_{channel.upper()}"
                raise ValueError(f"{name}_LONGEST_REST_SECONDS is at least {name}_REST_SECONDS: rests grow up to it")
        return self

    @property
    def base_url(self) -> str:
        """The address that people see; links in messages are built from it and nothing else (R18)."""
        return self.public_base_url or f"http://localhost:{self.port}"

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def is_open(self) -> bool:
        """Whether other machines reach us and none of them is known as a proxy: then all may, past the one with TLS."""
        return not ip_address(self.listen_on).is_loopback and not self.trusted_proxies.strip()

    @property
    def microsoft_is_set_up(self) -> bool:
        """Whether people can sign in with Microsoft here."""
        return bool(self.microsoft_tenant_id and self.microsoft_client_id and self.microsoft_client_secret)

    @cached_property
    def var_folder(self) -> Path:
        """Where files that belong to the database live: as named, else beside it on SQLite, data/var otherwise."""
        if self.folder:
            return Path(self.folder).resolve()
        if self.database_url.startswith("sqlite:///"):
            return Path(self.database_url.removeprefix("sqlite:///")).resolve().parent
        return VAR


@lru_cache
def settings() -> Settings:
    """The settings of this process; tests call `settings.cache_clear()` after changing the environment."""
    return Settings()


def require_folder() -> Path:
    """The folder of the key, the outbox and the notes, made where it is missing. Refuses where it cannot be written."""
    folder = settings().var_folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_ours = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        is_ours = False
    if not is_ours:
        raise SettingsError(
            f"Firstkey may not write into its folder {folder}. Set FIRSTKEY_FOLDER to one that it may write into: the "
            "one in which secret.key lies, where there is one; on a server as in docs/operations.md, /var/lib/firstkey."
        )
    return folder


def command(words: str) -> str:
    """How a command is typed here. On a server it has one of its own (deploy/firstkey), which knows the settings."""
    return f"firstkey {words}" if OWN_COMMAND.exists() else f"python -m core.manage {words}"
