"""Real SPARQL servers for tests and benchmarks: Oxigraph, Fuseki, Virtuoso.

    python tests/sparql_servers.py fetch            fetch what is absent into the cache folder
    python tests/sparql_servers.py run fuseki       start one, print its address, stop on Ctrl-C

Oxigraph's server comes with the package ``oxigraph`` (extra ``dev``), Fuseki as one jar from
Maven, Virtuoso out of Debian's packages, unpacked without root. The cache is KGBUILD_SERVERS, else
``.work/servers`` in the checkout.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("KGBUILD_SERVERS", ROOT / ".work" / "servers"))
FUSEKI_VERSION = "5.2.0"
_DEBIAN = ("virtuoso-opensource-7-bin", "libminizip1", "libpcre3", "libldap-2.5-0", "libreadline8")


class Server(ABC):
    """A server with a folder of its own; a stopped one starts again on its old port and data."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.user, self.password = "", ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """What ``kgbuild load`` takes."""

    @abstractmethod
    def _command(self) -> list[str]: ...

    def _environment(self) -> dict[str, str]:
        return dict(os.environ)

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), stdout=log, stderr=log, cwd=self.folder,
                env=self._environment(), start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 120
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"it did not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.1)

    def stop(self, *, kill: bool = False) -> None:
        """Stop it, or kill it; its data stays."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(30)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _answers(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/", timeout=5):
                return True
        except HTTPError:
            return True
        except OSError:
            return False


class Oxigraph(Server):
    """Oxigraph's server, of the PyPI package ``oxigraph``."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _command(self) -> list[str]:
        program = shutil.which(
            "oxigraph", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        )
        assert program, "pip install oxigraph"
        bind = f"127.0.0.1:{self.port}"
        return [program, "serve", "--location", str(self.folder / "db"), "--bind", bind]


class Fuseki(Server):
    """Fuseki with a TDB2 database at ``/ds``, open or with a password."""

    def __init__(self, folder: Path, *, is_locked: bool = False) -> None:
        super().__init__(folder)
        if is_locked:
            self.user, self.password = "loader", secrets.token_hex(8)
            (folder / "passwords").write_text(f"{self.user}: {self.password}\n")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ds"

    def _command(self) -> list[str]:
        (self.folder / "db").mkdir(exist_ok=True)
        locked = ["--passwd", str(self.folder / "passwords"), "--auth=basic"] if self.user else []
        return [
            "java", "-Xmx1g", "-jar", str(fuseki_jar()), "--localhost", "--port", str(self.port),
            *locked, "--update", "--tdb2", "--loc", str(self.folder / "db"), "/ds",
        ]  # fmt: skip


class Virtuoso(Server):
    """Virtuoso 7; its updates need the user ``dba`` (HTTP digest)."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sql_port = free_port()
        self.user, self.password = "dba", "dba"  # what a new one has; start() changes it
        (folder / "virtuoso.ini").write_text(
            f"""[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = virtuoso-temp.db
TransactionFile = virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{self.sql_port}
NumberOfBuffers = 40000
MaxDirtyBuffers = 30000
[HTTPServer]
ServerPort = 127.0.0.1:{self.port}
ServerRoot = .
ServerThreads = 6
[SPARQL]
ResultSetMaxRows = 10000
"""
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/sparql"

    def start(self) -> None:
        super().start()
        if self.password == "dba":
            password = secrets.token_hex(8)
            self._sql(f'set password "dba" "{password}"')
            self.password = password

    def _sql(self, command: str) -> None:
        subprocess.run(
            [str(virtuoso() / "usr/bin/isql-vt"), f"127.0.0.1:{self.sql_port}", self.user,
             self.password, f"exec={command};"],
            check=True, capture_output=True, env=self._environment(),
        )  # fmt: skip

    def _command(self) -> list[str]:
        return [
            str(virtuoso() / "usr/bin/virtuoso-t"),
            "+configfile",
            "virtuoso.ini",
            "+foreground",
        ]

    def _environment(self) -> dict[str, str]:
        places = [virtuoso() / "usr/lib/x86_64-linux-gnu", virtuoso() / "lib/x86_64-linux-gnu"]
        return {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, places))}

    def stop(self, *, kill: bool = False) -> None:
        super().stop(kill=kill)
        if kill:  # it would not start again beside a lock
            (self.folder / "virtuoso.lck").unlink(missing_ok=True)


SERVERS: dict[str, type[Server]] = {"oxigraph": Oxigraph, "fuseki": Fuseki, "virtuoso": Virtuoso}


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def fuseki_jar() -> Path:
    """Return Fuseki's jar, fetched from Maven where it is absent."""
    name = f"jena-fuseki-server-{FUSEKI_VERSION}.jar"
    if not (CACHE / name).is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        artifact = f"org.apache.jena:jena-fuseki-server:{FUSEKI_VERSION}"
        subprocess.run(
            ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}",
             f"-DoutputDirectory={CACHE}"], check=True, stdout=sys.stderr,
        )  # fmt: skip
    return CACHE / name


def virtuoso() -> Path:
    """Return the folder of Virtuoso's files, unpacked from Debian's packages where absent."""
    place = CACHE / "virtuoso"
    if not (place / "usr/bin/virtuoso-t").is_file():
        packages = CACHE / "packages"
        packages.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", *_DEBIAN], cwd=packages, check=True,
                       capture_output=True)  # fmt: skip
        beside = CACHE / "virtuoso.part"
        for package in packages.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(beside)], check=True)
        shutil.rmtree(place, ignore_errors=True)
        beside.rename(place)
    return place


@contextmanager
def running(name: str, folder: Path, **options: bool) -> Iterator[Server]:
    """Start a server and stop it at the end."""
    server = SERVERS[name](folder, **options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def main() -> None:
    if sys.argv[1:2] == ["fetch"]:
        sys.stdout.write(f"{fuseki_jar()}\n{virtuoso()}\n")
        return
    _, _, name = sys.argv
    with running(name, CACHE / f"run-{name}") as server:
        login = f" as {server.user}, KGBUILD_PASSWORD={server.password}" if server.user else ""
        sys.stdout.write(f"{server.url}{login}; Ctrl-C stops it\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
