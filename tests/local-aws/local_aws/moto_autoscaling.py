"""Where moto's Auto Scaling differs from AWS: what it lets into standby and out of it."""

from local_aws import plug


def join() -> None:
    """Called once moto is loaded, which takes most of a second."""
    from moto.autoscaling.models import AutoScalingBackend

    parameters = ("self", "group_name", "instance_ids")
    plug.replaces(AutoScalingBackend, "enter_standby_instances", *parameters, "should_decrement")(enter)
    plug.replaces(AutoScalingBackend, "exit_standby_instances", *parameters)(leave)
    plug.verify()


def require(group, instance_ids: list[str], state: str) -> None:
    from moto.autoscaling.exceptions import ValidationError

    found = {one.instance.id: one.lifecycle_state for one in group.instance_states}
    for instance_id in instance_ids:
        if found.get(instance_id) != state:
            raise ValidationError(f"The instance {instance_id} is not in {state}.")


def enter(original, backend, group_name, instance_ids, should_decrement):
    """A group can't do with less than its minimum; moto lets it."""
    from moto.autoscaling.exceptions import ValidationError

    group = backend.autoscaling_groups[group_name]
    require(group, instance_ids, "InService")
    if should_decrement and group.desired_capacity - len(instance_ids) < group.min_size:
        raise ValidationError(
            f"AutoScalingGroup {group_name} has min-size={group.min_size}, max-size={group.max_size}, and"
            f" desired-size={group.desired_capacity}. To place into standby {len(instance_ids)} instance, please update the"
            " AutoScalingGroup sizes appropriately."
        )
    return original(backend, group_name, instance_ids, should_decrement)


def leave(original, backend, group_name, instance_ids):
    """Coming back raises the desired capacity, which has to stay within the maximum; moto lets it grow."""
    from moto.autoscaling.exceptions import ValidationError

    group = backend.autoscaling_groups[group_name]
    require(group, instance_ids, "Standby")
    if group.desired_capacity + len(instance_ids) > group.max_size:
        raise ValidationError(f"AutoScalingGroup {group_name} has max-size={group.max_size}: no room for more instances.")
    return original(backend, group_name, instance_ids)
