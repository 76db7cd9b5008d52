"""Who asks Temporal for work: the workers that are running now, by the names under which they ask."""

from __future__ import annotations

from datetime import timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

_PATIENCE = timedelta(seconds=5)
# Who is there asks at least once a minute; Temporal tells of one that is gone for five.
_LATELY = timedelta(seconds=90)


async def list_workers(client: Client, queue: str) -> tuple[str, ...]:
    """The names of those that have asked for work from ``queue`` within 90 seconds of the last who did; none when nobody has for five
    minutes. Raises RPCError."""
    request = DescribeTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
    pollers = (await client.workflow_service.describe_task_queue(request, timeout=_PATIENCE)).pollers
    asked = {one.identity: one.last_access_time.ToDatetime() for one in pollers}
    return tuple(name for name, at in asked.items() if max(asked.values()) - at < _LATELY)
