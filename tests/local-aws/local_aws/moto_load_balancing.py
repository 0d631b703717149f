"""Where moto's load balancing differs from AWS: a target is told apart by its port too, keeps its zone, and may drain."""

import collections

from local_aws import plug


def join() -> None:
    """Called once moto is loaded, which takes most of a second."""
    from moto.elbv2 import models

    plug.replaces(models.FakeTargetGroup, "register", "self", "targets")(register)
    plug.replaces(models.FakeTargetGroup, "deregister", "self", "targets")(deregister)
    plug.replaces(models.FakeTargetGroup, "health_for", "self", "target", "ec2_backend")(health_for)
    backend = models.ELBv2Backend
    plug.replaces(backend, "describe_target_health", "self", "target_group_arn", "targets")(describe_target_health)
    from moto.elb.models import ELBBackend

    parameters = ("self", "load_balancer_name", "instance_ids", "from_autoscaling")
    plug.replaces(ELBBackend, "register_instances", *parameters)(register_instances)
    models.FakeHealthStatus.target = property(lambda status: getattr(status, "registered", None) or shown(status))
    plug.verify()


def register_instances(original, backend, load_balancer_name, instance_ids, from_autoscaling=False):
    """An instance that is registered already stays so; moto lists it twice."""
    balancer = backend.get_load_balancer(load_balancer_name)
    known = balancer.instance_autoscaling_ids if from_autoscaling else balancer.instance_sparse_ids
    return original(backend, load_balancer_name, [one for one in instance_ids if one not in known], from_autoscaling)


def shown(status) -> dict:
    return {"Id": status.instance_id, "Port": status.port}


def key_of(group, target: dict) -> tuple[str, int]:
    return target["Id"], int(target.get("Port") or group.port)


def register(original, group, targets):
    for target in targets:
        # moto refuses an instance that does not run, and files the target under its id alone.
        original(group, [target])
        group.targets.pop(target["Id"])
        key = key_of(group, target)
        zone = {"AvailabilityZone": target["AvailabilityZone"]} if target.get("AvailabilityZone") else {}
        group.targets[key] = {"Id": target["Id"], "Port": key[1], **zone}
        group.__dict__.setdefault("draining", collections.OrderedDict()).pop(key, None)


def deregister(original, group, targets):
    """A target that is not there is passed over, and one that was drains for a while: here, until it is registered again."""
    for target in targets:
        keys = [key_of(group, target)] if target.get("Port") else [key for key in group.targets if key[0] == target["Id"]]
        for key in keys:
            if found := group.targets.pop(key, None):
                group.__dict__.setdefault("draining", collections.OrderedDict())[key] = found


def describe_target_health(original, backend, target_group_arn, targets):
    group = backend.target_groups.get(target_group_arn)
    if group is not None and not targets:
        targets = [*group.targets.values(), *getattr(group, "draining", {}).values()]
    return original(backend, target_group_arn, targets)


def health_for(original, group, target, ec2_backend):
    from moto.elbv2.models import FakeHealthStatus

    key = key_of(group, target)
    found, drains = group.targets.get(key), getattr(group, "draining", {}).get(key)
    if not found and not drains:
        return original(group, target, ec2_backend)
    state = ("healthy",) if found else ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
    status = FakeHealthStatus(target["Id"], key[1], group.health_check_port, *state)
    status.registered = found or drains
    return status
