"""The results as a table for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table


def show(results: dict[str, Any], console: Console) -> None:
    """Print what was measured: the ratios first, then where the time goes."""
    _show_ratios(results, console)
    if sleeping := results.get("sleeping"):
        _show_sleeping(sleeping, console)
    if rungs := results.get("rungs"):
        _show_where(rungs, console)
    if profile := results.get("profile"):
        _show_profile(profile, console)


def _show_ratios(results: dict[str, Any], console: Console) -> None:
    table = Table(title="Dunwell beside the bare thing, same machine, same minute")
    for heading in ("", "Dunwell", "bare", "ratio", "aim", "rounds"):
        table.add_column(heading, justify="left" if not heading else "right")
    names = {"opening": "cases opened a second", "rungs": "rungs a second", "webhooks": "webhooks accepted a second"}
    for name, title in names.items():
        if one := results.get(name):
            ours, theirs = one["dunwell_per_second"], one["bare_per_second"]
            table.add_row(title, _range(ours), _range(theirs), f"{one['ratio']:.2f}", f"{one['aim']:.2f}", " ".join(f"{ratio:.2f}" for ratio in one["ratios"]))
    if events := results.get("events"):
        table.add_row("events a rung", f"{events['dunwell']:.1f}", f"{events['bare']:.1f}", f"{events['ratio']:.2f}", f"at most {events['aim']:.2f}", "")
    if webhooks := results.get("webhooks"):
        ours, theirs = webhooks["latency_ms"]["dunwell"], webhooks["latency_ms"]["bare"]
        table.add_row("webhook p50, ms", f"{ours['p50']:.0f}", f"{theirs['p50']:.0f}", "", "", "")
        table.add_row("webhook p99, ms", f"{ours['p99']:.0f}", f"{theirs['p99']:.0f}", "", f"at most {webhooks['p99_aim_ms']}", "")
    if table.rows:
        console.print(table)


def _range(values: dict[str, float]) -> str:
    return f"{values['median']:.1f} ({values['low']:.1f} to {values['high']:.1f})"


def _show_sleeping(sleeping: dict[str, Any], console: Console) -> None:
    table = Table(title="One more case while others sleep: milliseconds of processor (and of the clock)")
    for heading in ("sleeping", "open one", "wake one", "Temporal server, MiB", "worker, MiB"):
        table.add_column(heading, justify="right")
    for level in sleeping["levels"]:
        table.add_row(
            f"{level['cases']:,}",
            f"{level['open_cpu_ms']:.1f} ({level['open_ms']:.1f})",
            f"{level['wake_cpu_ms']:.1f} ({level['wake_ms']:.1f})",
            f"{level['server_memory'] / 2**20:.0f}",
            f"{level['worker_memory'] / 2**20:.0f}",
        )
    flat = sleeping["flat"]
    table.add_row("last / first", f"{flat['open_cpu_ms']:.2f} ({flat['open_ms']:.2f})", f"{flat['wake_cpu_ms']:.2f} ({flat['wake_ms']:.2f})", "", "")
    console.print(table)
    if a_case := sleeping["bytes_a_case"]:
        console.print(
            f"Each sleeping case: {a_case['server_memory'] / 1024:.1f} KiB of the server's memory and {a_case['worker_memory'] / 1024:.1f} of the worker's, "
            f"{a_case['server_disk'] / 1024:.1f} KiB of disk in Temporal and {a_case['our_disk'] / 1024:.1f} in our database. The aim is flat within 15 %."
        )


def _show_where(rungs: dict[str, Any], console: Console) -> None:
    table = Table(title="Where a rung's time goes, milliseconds of processor")
    for heading in ("", "Dunwell", "bare"):
        table.add_column(heading, justify="left" if not heading else "right")
    where, bare = rungs["where"], rungs["cpu_ms"]["bare"]
    theirs = {"temporal server": bare["server"], "worker: workflow, payloads, core": bare["worker"]}
    for name, value in where.items():
        table.add_row(name, f"{value:.1f}", f"{theirs[name]:.1f}" if name in theirs else "")
    console.print(table)
    if rungs["timers_a_rung"] < 0.98:
        console.print(f"The machine was so busy that only {rungs['timers_a_rung']:.0%} of Dunwell's rungs slept first: its rungs a second are flattered.")


def _show_profile(profile: dict[str, Any], console: Console) -> None:
    for name, shares in profile["shares"].items():
        parts = ", ".join(f"{part} {share:.0%}" for part, share in shares.items() if share >= 0.01)
        console.print(f"{name}: {profile['cpu_ms'][name]:.1f} ms alone, {profile['statements'][name]} statements; {parts}")
