"""The set-up scripts of the production shape, run for real where their programs exist."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.supervisor import free_port
from workflows.contract import SEARCH_ATTRIBUTES

SCRIPTS = Path(__file__).parents[2] / "deploy"
PROGRAMS = Path(sys.executable).parent


@pytest.fixture
def bare_server(tmp_path: Path) -> Iterator[str]:
    """The address of a Temporal server that knows no namespace of ours."""
    port = free_port(26000 + os.getpid() % 5000)
    command = [str(PROGRAMS / "temporal"), "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    server = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.server
def test_the_namespace_script_makes_what_the_cases_need_and_may_run_again(bare_server: str) -> None:
    environment = {
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "TEMPORAL_ADDRESS": bare_server,
        "TEMPORAL_NAMESPACE": "dunwell",
        "RETENTION": "30d",
        "SEARCH_ATTRIBUTES": " ".join(f"{name}={kind}" for name, kind in SEARCH_ATTRIBUTES.items()),
    }

    def operator(*words: str) -> str:
        command = ["temporal", "operator", *words, "--namespace", "dunwell", "--address", bare_server]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout

    for _ in range(2):
        done = subprocess.run(["sh", str(SCRIPTS / "temporal" / "set-up-namespace.sh")], env=environment, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stdout, done.stderr) == (0, "Namespace dunwell is ready.\n", "")
    assert "720h0m0s" in operator("namespace", "describe")
    known = dict(line.split() for line in operator("search-attribute", "list").splitlines() if len(line.split()) == 2)
    assert SEARCH_ATTRIBUTES.items() <= known.items()


def test_the_namespace_script_says_what_is_wrong_when_it_gives_up(tmp_path: Path) -> None:
    (tmp_path / "temporal").write_text("#!/bin/sh\necho 'no such server' >&2\nexit 1\n")
    (tmp_path / "sleep").write_text("#!/bin/sh\n")
    for name in ("temporal", "sleep"):
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "TEMPORAL_ADDRESS": "x:1", "TEMPORAL_NAMESPACE": "x", "RETENTION": "1d"}
    started = time.monotonic()
    done = subprocess.run(
        ["sh", str(SCRIPTS / "temporal" / "set-up-namespace.sh")],
        env={**environment, "SEARCH_ATTRIBUTES": "A=Keyword"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (1, "no such server\n")
    assert time.monotonic() - started < 30


def test_the_schema_script_sets_up_and_updates_both_databases_and_stops_at_the_first_failure(tmp_path: Path) -> None:
    tool = tmp_path / "temporal-sql-tool"
    tool.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\ncase "$*" in *"$FAIL_AT"*) exit 1;; esac\n')
    tool.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "SQL_HOST": "postgres",
        "SQL_PORT": "5432",
        "SQL_USER": "temporal",
        "SQL_PASSWORD": "secret",
        "FAIL_AT": "nothing",
    }
    script = ["sh", str(SCRIPTS / "temporal" / "set-up-schema.sh")]
    subprocess.run(script, env=environment, timeout=60, check=True)
    connection = "--plugin postgres12 --ep postgres -p 5432 -u temporal --db"
    schema = "/etc/temporal/schema/postgresql/v12"
    assert (tmp_path / "calls").read_text().splitlines() == [
        f"{connection} temporal setup-schema -v 0.0",
        f"{connection} temporal update-schema -d {schema}/temporal/versioned",
        f"{connection} temporal_visibility setup-schema -v 0.0",
        f"{connection} temporal_visibility update-schema -d {schema}/visibility/versioned",
    ]
    assert subprocess.run(script, env={**environment, "FAIL_AT": "update-schema"}, timeout=60).returncode != 0
    assert len((tmp_path / "calls").read_text().splitlines()) == 6
