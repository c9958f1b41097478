"""Who logs in where a server asks: from the environment, or asked for, and never shown."""

from __future__ import annotations

import os
import sys

__all__ = ["login"]


def login(user: str = "") -> tuple[str, str]:
    """Return user and password for a server; both empty where none is meant.

    ``user`` goes before KGBUILD_USER. The password is KGBUILD_PASSWORD; where there is a user and
    no password, and somebody sits at a terminal, it is asked for.
    """
    user = user or os.environ.get("KGBUILD_USER", "")
    password = os.environ.get("KGBUILD_PASSWORD", "")
    if user and not password and sys.stdin.isatty():
        import getpass

        password = getpass.getpass(f"Password of {user}: ")
    return user, password
