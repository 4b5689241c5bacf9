"""Addresses of signing in with Microsoft: where people come back to, and where they sign out there."""

from __future__ import annotations

from urllib.parse import urlencode

from core.config import settings


def callback() -> str:
    """Where Microsoft sends the browser back to; it stands in the registration of the application."""
    return f"{settings().base_url}/auth/callback"


def sign_out() -> str:
    """Where somebody ends their sign-in at Microsoft itself, for instance on a computer that many use."""
    values = settings()
    back = urlencode({"post_logout_redirect_uri": f"{values.base_url}/sign-in"})
    return f"{values.microsoft_authority}/{values.microsoft_tenant_id}/oauth2/v2.0/logout?{back}"
