"""The id that a container has of its runtime. ministack gives it the beginning of a UUID, which no runtime would."""

import secrets

from ministack.services import ecs

from local_aws import plug


@plug.replaces(ecs, "_build_task_containers", "td", "container_overrides")
def build_task_containers(original, td, container_overrides):
    """As containerd and Docker count: 64 hexadecimal digits."""
    return [container | {"runtimeId": secrets.token_hex(32)} for container in original(td, container_overrides)]
