"""HTTP to a SPARQL server: one kept connection, Basic and Digest login, patience with restarts."""

from __future__ import annotations

import base64
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import md5
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from kgbuild.errors import StoreError

__all__ = ["Http", "HttpError"]

_LOG = logging.getLogger(__name__)
_PASSING = frozenset({500, 502, 503, 504})  # a server that starts, stops or has too much to do
_PAIR = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


class HttpError(StoreError):
    """A server's refusal, with its status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Http:
    """A client of one server.

    Requests must be such that doing them twice changes nothing: they are repeated when the
    connection breaks or the server is away, for up to ``patience`` seconds.
    """

    def __init__(
        self, url: str, *, user: str = "", password: str = "", patience: float = 60.0
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise StoreError(f"{url!r} is no web address: expected http://HOST:PORT/PATH")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._user, self._password = user, password
        self._connection: HTTPConnection | None = None
        self._challenge: dict[str, str] = {}
        self._count = 0
        self.patience = patience
        self.place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def __repr__(self) -> str:
        return f"Http({self.place!r})"

    def close(self) -> None:
        """Close the connection; it opens again when asked."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def send(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[bytes, Mapping[str, str]]:
        """Return the body and the headers of the answer.

        Raises:
            HttpError: the server refuses.
            StoreError: it can't be reached.
        """
        with self.opened(method, path, body=body, headers=headers) as response:
            return response.read(), {k.lower(): v for k, v in response.getheaders()}

    @contextmanager
    def opened(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Iterator[HTTPResponse]:
        """Yield the answer to be read piece by piece; a break while reading is an error.

        Raises:
            HttpError: the server refuses.
            StoreError: it can't be reached.
        """
        response = self._patiently(method, path, body, dict(headers or {}))
        try:
            yield response
            response.read()  # the rest, so that the connection can be used again
        except (OSError, HTTPException) as error:
            self.close()
            raise StoreError(
                f"the connection to {self.place} broke ({error}): run the same command again"
            ) from error
        except BaseException:
            self.close()
            raise

    def _patiently(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> HTTPResponse:
        until = time.monotonic() + self.patience
        pause = 0.1
        while True:
            try:
                response = self._logged_in(method, path, body, headers)
                if response.status not in _PASSING or time.monotonic() > until:
                    break
                reason = f"{response.status} {_message(response)}"
            except (OSError, HTTPException) as error:
                self.close()
                if time.monotonic() > until:
                    raise StoreError(
                        f"{self.place} can't be reached ({error}): start the server, or check the "
                        "address; what was loaded stays, run the same command to go on"
                    ) from error
                reason = str(error)
            _LOG.info("%s: %s; trying again", self.place, reason)
            time.sleep(pause)
            pause = min(2 * pause, 5.0)
        if response.status >= 400:
            raise self._refusal(response, path)
        return response

    def _logged_in(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> HTTPResponse:
        response = self._once(method, path, body, headers, self._login(method, path))
        if response.status != 401 or not self._user:
            return response
        asked = response.getheader("WWW-Authenticate") or ""
        response.read()
        if not asked.lower().startswith("digest"):  # Virtuoso asks only those without a login
            response = self._once(method, path, b"", {}, {})
            asked = response.getheader("WWW-Authenticate") or ""
            response.read()
        if asked.lower().startswith("digest"):
            found = {key.lower(): a or b for key, a, b in _PAIR.findall(asked)}
            self._challenge, self._count = found, 0
        return self._once(method, path, body, headers, self._login(method, path))

    def _once(
        self, method: str, path: str, body: bytes, headers: dict[str, str], login: dict[str, str]
    ) -> HTTPResponse:
        if self._connection is None:
            make = HTTPSConnection if self._secure else HTTPConnection
            self._connection = make(self._host, self._port, timeout=300)
        self._connection.request(method, path, body or None, headers | login)
        return self._connection.getresponse()

    def _login(self, method: str, path: str) -> dict[str, str]:
        return {"Authorization": self._authorization(method, path)} if self._user else {}

    def _authorization(self, method: str, path: str) -> str:
        if not self._challenge:
            pair = base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
            return f"Basic {pair}"
        asked = self._challenge
        self._count += 1
        count, own = f"{self._count:08x}", os.urandom(8).hex()
        one = _md5(f"{self._user}:{asked.get('realm', '')}:{self._password}")
        two = _md5(f"{method}:{path}")
        middle = f"{asked['nonce']}:{count}:{own}:auth" if "qop" in asked else asked["nonce"]
        parts = [
            f'username="{self._user}"', f'realm="{asked.get("realm", "")}"',
            f'nonce="{asked["nonce"]}"', f'uri="{path}"',
            f'response="{_md5(f"{one}:{middle}:{two}")}"', "algorithm=MD5",
        ]  # fmt: skip
        if "qop" in asked:
            parts += ["qop=auth", f"nc={count}", f'cnonce="{own}"']
        if "opaque" in asked:
            parts.append(f'opaque="{asked["opaque"]}"')
        return f"Digest {', '.join(parts)}"

    def _refusal(self, response: HTTPResponse, path: str) -> HttpError:
        status, said = response.status, _message(response)
        where = f"{self.place}{path.partition('?')[0]}"
        if status in {401, 403}:
            who = f"the user {self._user!r}" if self._user else "a request without a user"
            message = (
                f"{where} refuses {who} ({status}): give --user and the password in "
                "KGBUILD_PASSWORD of someone who may update"
            )
        elif status == 404:
            message = f"there is no SPARQL service at {where} (404): check the address"
        else:
            message = f"{where} answers {status}: {said}"
        return HttpError(message, status)


def _message(response: HTTPResponse) -> str:
    text = response.read(4_000).decode("utf-8", "replace")
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())[:400]


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
