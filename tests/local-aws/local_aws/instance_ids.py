"""Instances under a chosen id: a finding names an instance that AWS would have named, and the demo has to make that one."""

import collections

from local_aws import control, moto_services, plug

_ordered: collections.deque[str] = collections.deque()
_is_joined = False


@control.route("POST", "/next-instance-id")
def order(request: dict) -> None:
    """The next instance that is launched gets this id."""
    global _is_joined
    if not _is_joined:
        # moto is loaded on first use.
        moto_services.moto_client()
        from moto.ec2.models import instances

        plug.replaces(instances, "random_instance_id")(take)
        plug.verify()
        _is_joined = True
    if not str(request["id"]).startswith("i-"):
        raise ValueError("an instance id starts with `i-`")
    _ordered.append(request["id"])


def take(original) -> str:
    return _ordered.popleft() if _ordered else original()
