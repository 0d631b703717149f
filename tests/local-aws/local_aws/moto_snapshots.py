"""Where moto's snapshots differ from AWS in what evidence rests on: they take time, are copied between accounts, and need their keys."""

import time

from ministack.core.responses import get_account_id, get_region
from ministack.services import kms

from local_aws import plug

keys = plug.take(kms, "_keys")
# How long a snapshot or copy is pending.
SECONDS = 0.2
# What EC2 says of a key that is not there, is disabled, or lets the caller do nothing.
NO_KEY = "Given key ID is not accessible"


def join() -> None:
    """Called once moto is loaded."""
    from moto.ec2.models.elastic_block_store import EBSBackend, Snapshot

    Snapshot.status = property(status, lambda snapshot, value: snapshot.__dict__.update(ends_as=value))
    Snapshot.state_message = property(lambda snapshot: snapshot.__dict__.get("failure") if snapshot.status == "error" else None)
    # The id of a copy's volume means nothing on AWS.
    Snapshot.volume_id = property(lambda snapshot: snapshot.__dict__.get("shown_volume") or snapshot.volume.id)
    parameters = ("self", "instance_spec", "description", "tags")
    plug.replaces(EBSBackend, "create_snapshots", *parameters)(create_snapshots)
    parameters = ("self", "source_snapshot_id", "source_region", "description", "kms_key_id")
    plug.replaces(EBSBackend, "copy_snapshot", *parameters)(copy_snapshot)


def status(snapshot) -> str:
    return "pending" if time.monotonic() < snapshot.__dict__.get("pending_until", 0) else snapshot.__dict__["ends_as"]


def take_time(snapshot) -> None:
    snapshot.__dict__["pending_until"] = time.monotonic() + SECONDS


def create_snapshots(original, backend, instance_spec, description, tags):
    made = original(backend, instance_spec, description, tags)
    for snapshot in made:
        take_time(snapshot)
    return made


def source_of(account: str, region: str, snapshot_id: str):
    """A snapshot of the own account, or one that its owner shared with it; moto knows only the first."""
    from moto.ec2.exceptions import InvalidSnapshotIdError
    from moto.ec2.models import ec2_backends

    for owner in list(ec2_backends):
        found = ec2_backends[owner][region].snapshots.get(snapshot_id)
        if found and (owner == account or account in found.create_volume_permission_userids or found.create_volume_permission_groups):
            return found
    raise InvalidSnapshotIdError()


def copy_snapshot(_original, backend, source_snapshot_id, source_region, description, kms_key_id):
    from moto.ec2.models.elastic_block_store import Snapshot
    from moto.ec2.utils import random_snapshot_id

    source = source_of(backend.account_id, source_region, source_snapshot_id)
    copy = Snapshot(backend, random_snapshot_id(), source.volume, description, source.encrypted, kms_key_id)
    backend.snapshots[copy.id] = copy
    take_time(copy)
    copy.__dict__["shown_volume"] = "vol-ffffffff"
    # EC2 looks at the keys only after it took the request.
    if not all(is_usable(key) for key in (kms_key_id, source.kms_key_id) if key):
        copy.status, copy.__dict__["failure"] = "error", NO_KEY
    return copy


def is_usable(key: str) -> bool:
    """A key, by its ARN or its id, that is enabled. Whom its policy lets in is not looked at."""
    parts = key.split(":")
    account, region = (parts[4], parts[3]) if len(parts) > 5 else (get_account_id(), get_region())
    record = keys.get_scoped(account, region, key.rsplit("/", 1)[-1])
    return record is not None and record["KeyState"] == "Enabled"
