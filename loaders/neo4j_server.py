"""A Neo4j server of one's own on this machine: installed by Maven, started, stopped, gone.

For tests, for trying things out, and for people with Java and without Docker. It listens on the
loopback interface only.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from types import TracebackType

from kgbuild.cache import cache_folder
from kgbuild.errors import StoreError

__all__ = ["VERSION", "LocalNeo4j", "install", "run_admin"]

VERSION = "5.26.30"
_BROWSER = "5.24.0"
_PARQUET = (
    # what Hadoop's classes need within the import tool; Neo4j's poms leave it to its packages
    ("com.fasterxml.woodstox", "woodstox-core", "7.2.2"),
    ("org.apache.commons", "commons-collections4", "4.6.0"),
    ("org.apache.hadoop.thirdparty", "hadoop-shaded-guava", "1.5.0"),
)
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kgbuild</groupId><artifactId>server</artifactId><version>1</version>
  <dependencies>
{}
  </dependencies>
</project>
"""
_DEPENDENCY = (
    "    <dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>"
    "</dependency>"
)
_CONF = """# written by kgbuild: loopback only
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{bolt}
server.bolt.advertised_address=127.0.0.1:{bolt}
server.http.listen_address=127.0.0.1:{http}
server.https.enabled=false
server.directories.import=import
server.memory.pagecache.size=256m
db.tx_log.rotation.retention_policy=1 files
dbms.usage_report.enabled=false
{more}
"""
_OPENS = (
    "java.base/java.nio", "java.base/java.io", "java.base/sun.nio.ch",
    "java.base/java.util.concurrent",
)  # fmt: skip
_JAVA = [f"--add-opens={package}=ALL-UNNAMED" for package in _OPENS]


def install(folder: Path | None = None, *, version: str = VERSION) -> Path:
    """Fetch the server with its browser and import tool by Maven, once; return its jars' folder.

    Some 140 MB, a minute at most. A killed run leaves nothing that counts.

    Args:
        folder: where versions are kept; without it the cache folder.
        version: of Neo4j; 5.x runs on Java 17, 2025.x and later ones need 21.

    Raises:
        StoreError: Maven is absent or fails.
    """
    artefacts = [
        ("org.neo4j", "neo4j", version),
        ("org.neo4j", "neo4j-import-tool", version),
        ("org.neo4j.client", "neo4j-browser", _BROWSER),
        *_PARQUET,
    ]
    wanted = _POM.format("\n".join(_DEPENDENCY.format(*artefact) for artefact in artefacts))
    # a folder that another list of artefacts has filled is not the one that is wanted
    digest = blake2b(wanted.encode(), digest_size=4).hexdigest()
    jars = (folder or cache_folder() / "neo4j") / f"{version}-{digest}"
    if jars.is_dir():
        return jars
    maven = _tool("mvn", "maven")
    jars.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jars.parent, prefix=".install-") as work:
        pom = Path(work) / "pom.xml"
        pom.write_text(wanted)
        done = subprocess.run(
            [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies",
             "-DincludeScope=runtime", f"-DoutputDirectory={work}/lib"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            last = (done.stdout + done.stderr).strip()[-500:]
            raise StoreError(f"Maven could not fetch Neo4j {version}: {last}")
        try:
            (Path(work) / "lib").rename(jars)
        except OSError:
            if not jars.is_dir():  # else another process was faster
                raise
    return jars


def run_admin(
    home: Path,
    *arguments: str,
    jars: Path | None = None,
    memory: str = "1g",
    folder: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``neo4j-admin`` with ``arguments`` on the server in ``home``; it must be stopped.

    File names among the arguments are relative to ``folder``.

    Raises:
        StoreError: it fails; the message ends with what it printed.
    """
    java = _tool("java", "openjdk-17-jre-headless")
    done = subprocess.run(
        [java, f"-Xmx{memory}", *_JAVA, "-cp", f"{jars or install()}/*",
         "org.neo4j.cli.AdminTool", *arguments],
        capture_output=True, text=True, check=False, env=_environment(home), cwd=folder,
    )  # fmt: skip
    if done.returncode:
        printed = (done.stdout + done.stderr).strip()[-2000:]
        raise StoreError(f"neo4j-admin {arguments[0]} failed: {printed}")
    return done


class LocalNeo4j:
    """A server with a home folder, a random password and free ports.

    >>> from kgbuild.loaders.neo4j_server import LocalNeo4j
    >>> with LocalNeo4j(Path("graph-server")) as server:  # doctest: +SKIP
    ...     print(server.address, server.user, server.password)

    Args:
        home: its data, configuration and logs; made where absent, kept at the end. The password
            of an existing one is taken from it.
        memory: of the Java heap, as ``-Xmx`` takes it.
        settings: more lines of ``neo4j.conf``.
        java: more options of the Java machine.
        jars: what ``install`` returned; without it the server is installed.
    """

    user = "neo4j"

    def __init__(
        self,
        home: Path,
        *,
        memory: str = "1g",
        settings: dict[str, str] | None = None,
        java: Sequence[str] = ("-XX:+UseParallelGC",),
        jars: Path | None = None,
    ) -> None:
        self.home = home.absolute()
        self.memory = memory
        self.jars = jars or install()
        self.settings = settings or {}
        self.java = tuple(java)
        self._process: subprocess.Popen[bytes] | None = None
        self.bolt, self.http = _free_ports(2)
        self.password = self._prepare()

    @property
    def address(self) -> str:
        """Where drivers find it."""
        return f"bolt://127.0.0.1:{self.bolt}"

    @property
    def browser(self) -> str:
        """The page of the Neo4j Browser."""
        return f"http://127.0.0.1:{self.http}/browser/"

    def start(self, *, patience: float = 600) -> LocalNeo4j:
        """Start, and return when it answers.

        It ends with the thread that started it.

        Raises:
            StoreError: it ends, or does not answer within ``patience`` seconds.
        """
        command = [
            *_die_with_parent(), _tool("java", "openjdk-17-jre-headless"),
            f"-Xmx{self.memory}", *self.java, *_JAVA, "-cp", f"{self.jars}/*",
            f"org.neo4j.server.{_entry_point(self.jars)}",
            f"--home-dir={self.home}", f"--config-dir={self.home}/conf",
        ]  # fmt: skip
        with (self.home / "console.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env=_environment(self.home), start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + patience
        while not _answers(self.http):
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                last = (self.home / "console.log").read_text(errors="replace")[-1500:]
                raise StoreError(f"Neo4j in {self.home} did not start: {last}")
            time.sleep(0.1)
        return self

    def stop(self) -> None:
        """Stop it in order, and wait; nothing happens where it does not run."""
        self._end(kill=False)

    def wait(self) -> None:
        """Return when the server has ended."""
        if self._process is not None:
            self._process.wait()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._end(kill=True)

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _prepare(self) -> str:
        """Write the configuration and return the password, set where there is none yet."""
        conf = self.home / "conf"
        conf.mkdir(parents=True, exist_ok=True)
        more = "\n".join(f"{name}={value}" for name, value in self.settings.items())
        text = _CONF.format(bolt=self.bolt, http=self.http, more=more)
        (conf / "neo4j.conf").write_text(text)
        kept = self.home / "password"
        if kept.is_file():
            return kept.read_text().strip()
        password = secrets.token_urlsafe(18).lstrip("-")
        run_admin(self.home, "dbms", "set-initial-password", password, jars=self.jars)
        kept.touch(mode=0o600)
        kept.write_text(password)
        return password

    def __enter__(self) -> LocalNeo4j:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise StoreError(
            f"a local Neo4j needs {name!r}, which is not installed: on Debian, "
            f"apt-get install {package}"
        )
    return found


def _entry_point(jars: Path) -> str:
    is_calendar_version = any(jars.glob("neo4j-20*.jar"))
    return "Neo4jCommunity" if is_calendar_version else "CommunityEntryPoint"


def _die_with_parent() -> list[str]:
    """Return what makes a command end with this process even where that one is killed."""
    found = shutil.which("setpriv")
    return [found, "--pdeathsig", "TERM"] if found else []


def _environment(home: Path) -> dict[str, str]:
    return {
        **os.environ,
        "NEO4J_HOME": str(home.absolute()),
        "NEO4J_CONF": str(home.absolute() / "conf"),
    }


def _free_ports(count: int) -> list[int]:
    open_ = [socket.socket() for _ in range(count)]
    try:
        for each in open_:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in open_]
    finally:
        for each in open_:
            each.close()


def _answers(port: int) -> bool:
    """Tell whether the server serves HTTP, which it does last, after Bolt."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()
