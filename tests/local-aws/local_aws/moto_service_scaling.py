"""Where moto's Application Auto Scaling differs from AWS in what containment rests on."""

from local_aws import plug

SWITCHES = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


def join() -> None:
    """Called once moto is loaded, which takes most of a second."""
    from moto.applicationautoscaling import models

    # The services of ECS are ministack's: moto's own ECS knows none of them.
    plug.replaces(models.ApplicationAutoscalingBackend, "_ecs_service_exists_for_target", "self", "r_id")(exists)
    target = models.FakeScalableTarget
    plug.take(target, "update", "self", "min_capacity", "max_capacity", "suspended_state")
    target.suspended_state = property(suspended_state, suspend)
    plug.verify()


def exists(_original, backend, r_id):
    return True


def suspended_state(target) -> dict:
    """AWS shows every switch, and changes those that are given."""
    return {switch: target.__dict__.get("switches", {}).get(switch, False) for switch in SWITCHES}


def suspend(target, given) -> None:
    target.__dict__["switches"] = {**target.__dict__.get("switches", {}), **(given or {})}
