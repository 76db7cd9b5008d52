"""The production shape, checked without an engine: what the files promise, they promise about names that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import cli
from settings import Settings
from workflows.contract import SEARCH_ATTRIBUTES

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
COMPOSE = ROOT / "docker-compose.yml"
TEXT = COMPOSE.read_text(encoding="utf-8")
DOCUMENT: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
ONE_SHOT = {"temporal-schema", "temporal-namespace", "migrate"}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)


def setting_of(variable: str) -> str:
    return variable.removeprefix("DUNWELL_").lower()


def test_the_compose_file_follows_the_compose_specification() -> None:
    checked = run(str(PROGRAMS / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(COMPOSE))
    assert checked.returncode == 0, checked.stdout


def test_hadolint_finds_nothing_to_say_about_the_dockerfile() -> None:
    checked = run(str(PROGRAMS / "hadolint"), "--no-color", str(ROOT / "Dockerfile"))
    assert (checked.returncode, checked.stdout) == (0, "")


def test_every_service_waited_for_exists_and_can_reach_the_state_it_is_waited_for() -> None:
    for name, service in SERVICES.items():
        for other, wish in service.get("depends_on", {}).items():
            assert other in SERVICES, f"{name} waits for {other}"
            if wish["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], f"{name} waits for {other} to be healthy, but nobody looks"
            else:
                assert wish["condition"] == "service_completed_successfully"
                assert other in ONE_SHOT, f"{name} waits for {other} to end"


def test_every_volume_and_network_used_is_declared() -> None:
    for service in SERVICES.values():
        assert set(service["networks"]) <= set(DOCUMENT["networks"])
        for volume in service.get("volumes", ()):
            if isinstance(volume, str) and not volume.startswith("."):
                assert volume.split(":")[0] in DOCUMENT["volumes"]


def test_every_file_of_ours_that_is_mounted_exists() -> None:
    mounted = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ()) if isinstance(volume, str)]
    ours = [ROOT / path for path in mounted if path.startswith("./")]
    assert ours
    assert all(path.exists() for path in ours)


def test_every_variable_is_explained_in_the_example_and_every_one_there_is_used() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", TEXT))
    offered = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert used == offered


def test_the_example_offers_the_very_defaults_of_the_compose_file() -> None:
    offered = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    defaults = {name: (default.removeprefix(":-") if default.startswith(":-") else "") for name, default in re.findall(r"\$\{([A-Z_]+)(:[-?][^}]*)?\}", TEXT)}
    assert offered == defaults


def test_a_missing_secret_stops_the_start() -> None:
    for name in ("POSTGRES_PASSWORD", "DATABASE_PASSWORD", "TEMPORAL_DATABASE_PASSWORD"):
        uses = re.findall(rf"\$\{{{name}([^}}]*)\}}", TEXT)
        assert uses
        assert all(use.startswith(":?") for use in uses)


def test_nothing_is_published_beyond_this_machine() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published
    assert all(isinstance(port, str) and port.startswith("127.0.0.1:") for port in published)


def test_the_databases_and_the_temporal_server_cannot_be_reached_from_outside() -> None:
    assert DOCUMENT["networks"]["inner"] == {"internal": True}
    for name in ("postgres", "temporal", "temporal-schema", "temporal-namespace"):
        assert SERVICES[name]["networks"] == ["inner"]
        assert "ports" not in SERVICES[name]


def test_every_command_of_ours_is_one_the_program_knows() -> None:
    assert set(OURS) == {"migrate", "worker", "web"}
    for service in OURS.values():
        program, subcommand = service["command"]
        assert program == "dunwell"
        assert subcommand in cli.COMMANDS
    assert re.search(r'^CMD \["dunwell", "(\w+)"\]$', (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_environment_variable_of_ours_is_a_setting() -> None:
    assert Settings.model_config["env_prefix"] == "DUNWELL_"
    for name, service in OURS.items():
        for variable in service["environment"]:
            assert variable.startswith("DUNWELL_"), f"{name}: {variable}"
            assert setting_of(variable) in Settings.model_fields, f"{name}: {variable}"
    for variable in re.findall(r"\b(DUNWELL_[A-Z_]+)=", (ROOT / "Dockerfile").read_text(encoding="utf-8")):
        assert setting_of(variable) in Settings.model_fields


def test_the_systemd_unit_names_settings_and_a_command_that_exist() -> None:
    unit = (ROOT / "deploy" / "systemd" / "dunwell.service").read_text(encoding="utf-8")
    assert re.findall(r"^ExecStart=\S+/dunwell (\w+)$", unit, re.MULTILINE) == ["up"]
    assert "up" in cli.COMMANDS
    assert all(setting_of(variable) in Settings.model_fields for variable in re.findall(r"^Environment=(DUNWELL_[A-Z_]+)=", unit, re.MULTILINE))


def test_web_publishes_the_ports_its_listeners_are_told_to_use() -> None:
    environment = SERVICES["web"]["environment"]
    inside = {port.rsplit(":", 1)[1] for port in SERVICES["web"]["ports"]}
    assert inside == {environment["DUNWELL_PUBLIC_PORT"], environment["DUNWELL_PRIVATE_PORT"]}


def test_the_health_check_asks_both_listeners_for_an_address_that_they_answer() -> None:
    environment = SERVICES["web"]["environment"]
    check = SERVICES["web"]["healthcheck"]["test"][-1]
    assert f"({environment['DUNWELL_PRIVATE_PORT']}, {environment['DUNWELL_PUBLIC_PORT']})" in check
    path = re.search(r"\{port\}(/\w+)", check)
    assert path
    assert f'"{path[1]}"' in (ROOT / "web" / "app.py").read_text(encoding="utf-8")


def test_temporal_is_the_very_server_that_the_tests_run_against() -> None:
    said = run(str(PROGRAMS / "temporal"), "--version").stdout
    match = re.search(r"Server (\S+), UI ([^)]+)\)", said)
    assert match, said
    server, ui = match.groups()
    assert SERVICES["temporal"]["image"] == f"temporalio/server:{server}"
    assert SERVICES["temporal-ui"]["image"] == f"temporalio/ui:{ui}"
    for name in ("temporal-schema", "temporal-namespace"):
        assert SERVICES[name]["image"] == f"temporalio/admin-tools:{server}"


def test_production_runs_neither_the_development_server_nor_the_image_that_sets_itself_up() -> None:
    everything = TEXT + "".join(path.read_text(encoding="utf-8") for path in (ROOT / "deploy" / "temporal").iterdir())
    assert "auto-setup" not in everything
    assert "start-dev" not in everything
    assert SERVICES["temporal"]["environment"]["NUM_HISTORY_SHARDS"] == "512"
    assert SERVICES["temporal"]["environment"]["DB"] == "postgres12"


def test_every_image_names_its_version() -> None:
    for name, service in SERVICES.items():
        tag = service["image"].removesuffix("}").rpartition(":")[2]
        assert re.match(r"\d+\.\d+", tag), f"{name}: {service['image']}"
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version
    assert all(service["image"] == f"${{IMAGE:-dunwell:{version[1]}}}" for service in OURS.values())


def test_the_namespace_gets_every_search_attribute_the_cases_carry_and_keeps_closed_runs_for_thirty_days() -> None:
    environment = SERVICES["temporal-namespace"]["environment"]
    assert dict(pair.split("=") for pair in environment["SEARCH_ATTRIBUTES"].split()) == SEARCH_ATTRIBUTES
    assert environment["RETENTION"] == "30d"
    assert environment["TEMPORAL_NAMESPACE"] == OURS["worker"]["environment"]["DUNWELL_TEMPORAL_NAMESPACE"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_runs_without_privileges(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] not in ("", "root", "0", "0:0")
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] or name == "temporal-ui"


def test_the_image_runs_as_the_user_the_compose_file_names() -> None:
    user = re.findall(r"^USER (.+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)[-1]
    assert {service["user"] for service in OURS.values()} == {user}


def test_a_service_that_stays_up_is_looked_after() -> None:
    for name, service in SERVICES.items():
        assert ("healthcheck" in service) == (name not in ONE_SHOT | {"worker"}), name
        assert service["restart"] == ("on-failure:5" if name in ONE_SHOT else "unless-stopped"), name


def test_the_worker_has_time_to_finish_what_it_is_sending() -> None:
    assert SERVICES["worker"]["stop_grace_period"] == "45s"
