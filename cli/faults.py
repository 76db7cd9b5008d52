"""What went wrong, told in one line with its remedy, for every error that is to be expected."""

from __future__ import annotations

import sys


def explain(error: Exception) -> str:
    """The line to print for ``error``, with nothing in it that a terminal would obey; empty when it is a fault of ours,
    which a person cannot mend."""
    from cli.terminal import visible

    return visible(_explain(error))


def _explain(error: Exception) -> str:
    if type(error).__name__.startswith("UnableTo"):
        return str(error)  # named where it is raised, with field and remedy
    if "sqlalchemy" in sys.modules and (said := _explain_database(error)):
        return said
    if "temporalio" in sys.modules and (said := _explain_temporal(error)):
        return said
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
    return ""


def _explain_database(error: Exception) -> str:
    from sqlalchemy.exc import DBAPIError

    if not isinstance(error, DBAPIError):
        return ""
    said = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
    if "no such table" in said or "no such column" in said or "UndefinedTable" in type(error.orig).__name__:
        return "the database is empty or older than this version; run: dunwell migrate"
    if "unable to open database file" in said:
        return "there is no database here; run dunwell up (or dunwell migrate) first, or set DUNWELL_DATA_FOLDER to the folder of your installation"
    return f"the database cannot be used: {said}; see DUNWELL_DATABASE_URL and run dunwell doctor"


def _explain_temporal(error: Exception) -> str:
    from temporalio.service import RPCError

    if isinstance(error, RPCError):
        return f"Temporal refused: {error.message}; see DUNWELL_TEMPORAL_ADDRESS and DUNWELL_TEMPORAL_NAMESPACE, and run dunwell doctor"
    if isinstance(error, RuntimeError) and str(error).startswith("Failed client connect"):
        return "Temporal cannot be reached; start it with dunwell up, or set DUNWELL_TEMPORAL_ADDRESS"
    return ""
