"""Where moto's RDS differs from AWS: whom a snapshot is shared with is a set."""

from local_aws import plug


def join() -> None:
    """Called once moto is loaded, which takes most of a second."""
    from moto.rds import models

    parameters = ("self", "attribute_name", "values_to_add", "values_to_remove")
    plug.replaces(models.SnapshotAttributesMixin, "modify_attribute", *parameters)(modify_attribute)
    plug.verify()


def modify_attribute(original, snapshot, attribute_name, values_to_add, values_to_remove):
    """What is there already is not added a second time; moto lists it twice."""
    known = snapshot.attributes.get(attribute_name, [])
    return original(snapshot, attribute_name, [one for one in values_to_add or [] if one not in known], values_to_remove)
