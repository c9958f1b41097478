"""What a load of Neo4j survives: kills, restarts, cut connections, two at once; the log of it.

    python benchmarks/neo4j_faults.py [--kills 50] [--others 5] [--statements 2000]

Each time the database holds another graph first. Then a load is hurt at a random point, run again
to its end, and every id and both ends of everything are compared with the tables.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from neo4j_server import Server

from kgbuild.loaders.neo4j_server import LocalNeo4j
from kgbuild.loaders.synthetic import synthetic_graph
from kgbuild.tables import GraphTables

LOAD = """
import os, sys
from pathlib import Path
from kgbuild.loaders.neo4j import load_neo4j
from kgbuild.loaders.targets import TargetOptions
from kgbuild.ontologies.schema import Schema
from kgbuild.tables import GraphTables

options = TargetOptions(user=os.environ["KGBUILD_USER"], password=os.environ["KGBUILD_PASSWORD"],
                        batch=100)
say = lambda name, done, total: print(f"{name} {done} of {total}", flush=True)
load_neo4j(GraphTables(Path(sys.argv[1])), sys.argv[2], schema=Schema.load(), options=options,
           progress=say)
"""


class Proxy:
    """Hands bytes on to the server until it cuts every connection."""

    def __init__(self, port: int) -> None:
        self.port, self.open = port, list[socket.socket]()
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"bolt://127.0.0.1:{self.listener.getsockname()[1]}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self.listener.accept()
                there = socket.create_connection(("127.0.0.1", self.port))
                self.open += [here, there]
                for a, b in ((here, there), (there, here)):
                    threading.Thread(target=self._hand_on, args=(a, b), daemon=True).start()

    def _hand_on(self, a: socket.socket, b: socket.socket) -> None:
        with suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
        self._end(a, b)

    def _end(self, *ends: socket.socket) -> None:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def cut(self) -> None:
        ends, self.open = self.open, []
        self._end(*ends)


def start(server: Server, tables: GraphTables, address: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", LOAD, str(tables.folder), address or server.local.address]
    return subprocess.Popen(command, env={**os.environ, **server.environment}, text=True,
                            stdout=subprocess.PIPE)  # fmt: skip


def until(load: subprocess.Popen[str], share: float) -> str:
    """Return the last line of progress when a share of the work, or all of it, is done."""
    assert load.stdout is not None
    line = ""
    for line in load.stdout:
        words = line.split()
        if int(words[-1]) and int(words[-3]) >= share * int(words[-1]):
            break
    return line.strip()


def kill(server: Server, tables: GraphTables, share: float) -> str:
    load = start(server, tables)
    where = until(load, share)
    time.sleep(random.random() * 0.2)
    load.send_signal(signal.SIGKILL)
    load.wait()
    report = server.load(tables)
    return f"kill -9 at {where}; the next load wrote {sum(report.rows.values()):,}"


def restart(server: Server, tables: GraphTables, share: float) -> str:
    load = start(server, tables)
    where = until(load, share)
    server.local.kill()
    time.sleep(1)
    server.local.start()
    until(load, 2)
    return f"server killed at {where} and started again; load ended with {load.wait()}"


def cut(server: Server, tables: GraphTables, share: float) -> str:
    proxy = Proxy(server.local.bolt)
    with closing(proxy.listener):
        load = start(server, tables, proxy.address)
        where = until(load, share)
        proxy.cut()
        until(load, 2)
        return f"connections cut at {where}; load ended with {load.wait()}"


def two(server: Server, tables: GraphTables, share: float) -> str:
    first = start(server, tables)
    until(first, share)
    second = start(server, tables)
    until(first, 2)
    until(second, 2)
    return f"two loads at once; they ended with {first.wait()} and {second.wait()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--others", type=int, default=5)
    parser.add_argument("--statements", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    rounds = [kill] * arguments.kills + [restart, cut, two] * arguments.others
    exact = 0
    with tempfile.TemporaryDirectory() as name, LocalNeo4j(Path(name) / "server") as local:
        graphs = [
            synthetic_graph(Path(name) / f"{seed}", statements=arguments.statements, seed=seed)
            for seed in (1, 2)
        ]
        server = Server(local)
        for number, fault in enumerate(rounds, 1):
            tables = graphs[number % 2]
            said = fault(server, tables, random.random())
            try:
                server.holds(tables)
            except AssertionError as error:
                print(f"{number:3} {said}: NOT the graph: {str(error)[:200]}", flush=True)
            else:
                exact += 1
                print(f"{number:3} {said}: exactly the graph", flush=True)
        server.driver.close()
    print(f"{exact} of {len(rounds)}: every id, both ends of every relationship and every count")
    sys.exit(exact != len(rounds))


if __name__ == "__main__":
    main()
