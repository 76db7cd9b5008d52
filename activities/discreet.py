"""The last step of every activity: what failed is told to Temporal by its kind and place, and quotes nobody's data."""

from __future__ import annotations

from typing import Any

from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from domain.discretion import describe


class Discreet(Interceptor):
    """Puts ``describe``'s words in place of an error's own; whether it is tried again does not change."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Discreetly(next)


class _Discreetly(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except FailureError:
            raise  # made for Temporal on purpose
        except Exception as error:
            raise ApplicationError(describe(error), type=type(error).__name__) from None
