"""Where moto's EC2 differs from AWS in what containment and evidence rest on."""

from local_aws import moto_snapshots, plug

# A GIF of 1 x 1; AWS answers JPEG.
GREY_POINT = "R0lGODlhAQABAIAAAICAgAAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="


def join() -> None:
    """Called once moto is loaded, which takes most of a second."""
    from moto.ec2.models import elastic_block_store, elastic_network_interfaces, instances, network_acls, security_groups

    interface = elastic_network_interfaces.NetworkInterface
    plug.take(interface, "group_set")
    interface.group_set = property(groups_of_interface)
    instances.Instance.security_groups = property(groups_of_instance, give_groups)
    # The answer to CreateSnapshots has `State`; moto's snapshot calls it `status`, as DescribeSnapshots does.
    elastic_block_store.Snapshot.state = property(lambda snapshot: snapshot.status)
    moto_snapshots.join()
    backend = security_groups.SecurityGroupBackend
    plug.replaces(backend, "delete_security_group", "self", "name", "group_id")(delete_group)
    from moto.ec2.responses.instances import InstanceResponse

    plug.replaces(InstanceResponse, "modify_instance_attribute", "self")(modify_instance_attribute)
    acls = network_acls.NetworkAclBackend
    plug.replaces(acls, "create_network_acl", "self", "vpc_id", "tags", "default")(create_network_acl)
    replace = "replace_network_acl_association"
    plug.replaces(acls, replace, "self", "association_id", "network_acl_id")(replace_network_acl_association)
    from moto.ec2.responses.network_acls import NetworkACLs

    plug.replaces(NetworkACLs, "create_network_acl", "self")(create_network_acl_once)
    from moto.ec2.responses.general import General

    plug.take(General, "get_console_output", "self")
    General.get_console_screenshot = console_screenshot
    plug.verify()


def modify_instance_attribute(original, response):
    """moto does not know this attribute, and takes the call for one that takes all security groups away."""
    from moto.core.responses import EmptyResult

    behavior = response._get_param("InstanceInitiatedShutdownBehavior.Value")
    if behavior is None:
        return original(response)
    instance_id = response._get_param("InstanceId")
    response.ec2_backend.modify_instance_attribute(instance_id, "instance_initiated_shutdown_behavior", behavior)
    return EmptyResult()


def groups_of_interface(interface) -> list:
    """An interface wears its own groups; moto adds those that its instance was launched with."""
    return interface._group_set


def groups_of_instance(instance) -> list:
    """An instance shows the groups of its first interface, also after they were changed there."""
    first = getattr(instance, "nics", {}).get(0)
    return first._group_set if first else instance.__dict__.get("launch_groups", [])


def give_groups(instance, groups: list) -> None:
    instance.__dict__["launch_groups"] = groups
    if first := getattr(instance, "nics", {}).get(0):
        first._group_set = groups


def delete_group(original, backend, name=None, group_id=None):
    """A group that an interface wears, or that another group's rule names, can't be deleted; moto deletes it."""
    from moto.ec2.exceptions import DependencyViolationError

    worn = any(group.id == group_id for interface in backend.enis.values() for group in interface._group_set)
    others = [group for vpc in backend.groups.values() for group in vpc.values() if group.id != group_id]
    named = any(
        source.get("GroupId") == group_id
        for group in others
        for rule in (*group.ingress_rules, *group.egress_rules)
        for source in (rule.source_group or {},)
    )
    if worn or named:
        raise DependencyViolationError(f"resource {group_id} has a dependent object")
    return original(backend, name, group_id)


def create_network_acl(original, backend, vpc_id, tags=None, default=False):
    """A network ACL shows the entry that denies what no other decides; moto's own ones have it, those that are made have not."""
    acl = original(backend, vpc_id, tags, default)
    if not default:
        for egress in (True, False):
            backend.create_network_acl_entry(acl.id, 32767, "-1", "deny", egress, "0.0.0.0/0", None, None, None, None, None)
    return acl


def replace_network_acl_association(original, backend, association_id, network_acl_id):
    """An association that is not there, or no longer, is refused; moto never answers."""
    from moto.ec2.exceptions import InvalidAssociationIdError

    if not any(association_id in acl._associations for acl in backend.network_acls.values()):
        raise InvalidAssociationIdError(association_id)
    return original(backend, association_id, network_acl_id)


# Token of a request -> its answer.
_answered: dict[str, object] = {}


def create_network_acl_once(original, response):
    """The SDK gives each request a token, and keeps it when it asks again; moto makes a second network ACL."""
    token = response._get_param("ClientToken")
    if token is None:
        return original(response)
    if token not in _answered:
        _answered[token] = original(response)
    return _answered[token]


def console_screenshot(response):
    """A picture of one grey point; moto has no screens."""
    from moto.core.responses import ActionResult

    instance = response.ec2_backend.get_instance(response._get_param("InstanceId"))
    return ActionResult({"InstanceId": instance.id, "ImageData": GREY_POINT})
