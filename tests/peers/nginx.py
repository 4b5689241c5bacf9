"""The real nginx in front of web processes, with the site of deploy/ and a certificate made for the occasion."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.config import ROOT
from tests.peers.firstkey import free_port

SITE = ROOT / "deploy" / "nginx" / "firstkey.conf"
MAIN = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.error.log;
events {{ worker_connections 512; }}
http {{
    include /etc/nginx/mime.types;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/firstkey.conf;
}}
"""


@dataclass
class Front:
    """Where browsers come to."""

    port: int
    plain_port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "firstkey.access.log").read_text()


@contextmanager
def running(folder: Path, *, port: int, behind: Sequence[int]) -> Iterator[Front]:
    """nginx with our site, for processes on the ports `behind`."""
    front = Front(port, free_port(), folder)
    _certificate(folder)
    (folder / "firstkey.conf").write_text(_site(front, behind))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=user))
    command = [_nginx(), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.error.log")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    process = subprocess.Popen(command)
    try:
        yield front
    finally:
        process.terminate()
        process.wait(30)


def _site(front: Front, behind: Sequence[int]) -> str:
    """The file as it is shipped, with the places of this test for those of the school. Each must have been there."""
    text = SITE.read_text()
    first = "    server 127.0.0.1:8501 max_fails=1 fail_timeout=5s;\n"
    servers = "".join(first.replace("8501", str(port)) for port in behind)
    for shipped, ours in {
        first: servers,
        "listen 443 ssl http2;": f"listen 127.0.0.1:{front.port} ssl http2;",
        "    listen [::]:443 ssl http2;\n": "",
        "listen 80;": f"listen 127.0.0.1:{front.plain_port};",
        "    listen [::]:80;\n": "",
        "https://keys.school.example$request_uri": f"{front.url}$request_uri",
        "server_name keys.school.example;": "server_name localhost;",
        "/etc/firstkey/tls/": f"{front.folder}/",
        "/var/log/nginx/": f"{front.folder}/",
        "/opt/firstkey/": f"{ROOT}/",
    }.items():
        assert shipped in text, shipped
        text = text.replace(shipped, ours)
    return text


def _certificate(folder: Path) -> None:
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*command, "-days", "2", *subject, *files], check=True, capture_output=True)


def _nginx() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    assert found, "nginx is missing: apt-get install nginx"
    return found
