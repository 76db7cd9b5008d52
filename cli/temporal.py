"""What ``dunwell doctor`` finds about Temporal: whether it answers, knows our search attributes, and has workers that ask for work."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from cli.findings import Finding, Findings, Health

if TYPE_CHECKING:
    from temporalio.client import Client

    from settings import Settings

_PATIENCE = timedelta(seconds=5)


def examine_temporal(settings: Settings) -> Findings:
    return iter(asyncio.run(_ask_temporal(settings)))


async def _ask_temporal(settings: Settings) -> list[Finding]:
    from temporalio.service import RPCError

    from domain.fingerprint import REMEDY, find_difference
    from starter import connect_temporal
    from workflows.contract import CASES_QUEUE, DELIVER_QUEUE, SEARCH_ATTRIBUTES
    from workflows.pollers import list_workers

    address, namespace = settings.temporal_address, settings.temporal_namespace
    client = await connect_temporal(settings, lazy=True)
    try:
        if not await client.service_client.check_health(timeout=_PATIENCE):
            raise RuntimeError
    except (RPCError, RuntimeError):
        return [Finding("temporal", Health.WRONG, f"{address} does not answer", "start it by dunwell up, or set DUNWELL_TEMPORAL_ADDRESS to your server")]
    try:
        known = await _search_attributes(client, namespace)
    except RPCError as error:
        return [Finding("temporal", Health.WRONG, f"namespace {namespace}: {error.message}", "create it, or set DUNWELL_TEMPORAL_NAMESPACE to one that exists")]
    found = [Finding("temporal", Health.WELL, f"{address}, namespace {namespace}")]
    if missing := [name for name in SEARCH_ATTRIBUTES if name not in known]:
        commands = "; ".join(f"temporal operator search-attribute create -n {namespace} --name {name} --type {SEARCH_ATTRIBUTES[name]}" for name in missing)
        found.append(Finding("temporal", Health.WRONG, f"search attributes are missing: {', '.join(missing)}", commands))
    running = {queue: await list_workers(client, queue) for queue in (CASES_QUEUE, DELIVER_QUEUE)}
    idle = [queue for queue, workers in running.items() if not workers]
    if difference := find_difference(name for workers in running.values() for name in workers):
        found.append(Finding("worker", Health.WRONG, difference.say(), REMEDY))
    if idle:
        found.append(Finding("worker", Health.WRONG, f"none has asked for work from {' and '.join(idle)} lately", "start one: dunwell up, or dunwell worker"))
    else:
        found.append(Finding("worker", Health.WELL, "at least one asks for work"))
    return found


async def _search_attributes(client: Client, namespace: str) -> set[str]:
    from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest

    answer = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace), timeout=_PATIENCE)
    return set(answer.custom_attributes)
