"""What the account shows of a resource, read with boto3 by somebody who does not ask Tocsin."""

import json

import botocore.exceptions

REVOCATION = "TocsinRevokeOlderSessions"


def of_step(aws, action: str, target: str) -> dict:
    """Everything that this action may change of its target; empty if there is no such resource, or if it is none of the kinds that
    the demo makes."""
    try:
        return READERS[action](aws, target) if action in READERS else {}
    except (botocore.exceptions.ClientError, botocore.exceptions.ParamValidationError):
        return {}


def of_instance(aws, instance: str) -> dict:
    ec2 = aws.client("ec2")
    filters = [{"Name": "attachment.instance-id", "Values": [instance]}]
    interfaces = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    described = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    found = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [described["VpcId"]]}])["SecurityGroups"]
    associations = ec2.describe_iam_instance_profile_associations(Filters=[{"Name": "instance-id", "Values": [instance]}])
    profiles = [association["IamInstanceProfile"]["Arn"] for association in associations["IamInstanceProfileAssociations"]]
    return {
        "interfaces": {i["NetworkInterfaceId"]: sorted(group["GroupId"] for group in i["Groups"]) for i in interfaces},
        "groups": {g["GroupId"]: [g["GroupName"], len(g["IpPermissions"]), len(g["IpPermissionsEgress"])] for g in found},
        "profile": profiles[0].rsplit("/", 1)[-1] if profiles else None,
    }


def of_role(aws, role: str) -> dict:
    iam = aws.client("iam")
    names = sorted(iam.list_role_policies(RoleName=role)["PolicyNames"])
    return {"policies": {name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}}


def of_bucket(aws, bucket: str) -> dict:
    s3 = aws.client("s3")
    s3.head_bucket(Bucket=bucket)
    policy = answer(s3.get_bucket_policy, bucket, "Policy")
    return {
        "public_access_block": answer(s3.get_public_access_block, bucket, "PublicAccessBlockConfiguration"),
        "encryption": answer(s3.get_bucket_encryption, bucket, "ServerSideEncryptionConfiguration"),
        "policy": json.loads(policy) if policy else None,
    }


def answer(call, bucket: str, member: str):
    try:
        return call(Bucket=bucket)[member]
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"].startswith("NoSuch") or "NotFound" in error.response["Error"]["Code"]:
            return None
        raise


READERS = {"isolate-instance": of_instance, "revoke-role-sessions": of_role, "lock-bucket": of_bucket}


def changes(action: str, before: dict, after: dict) -> list[tuple[str, str, str]]:
    """What a person wants to compare: aspect, before, after."""
    if action not in READERS:
        return []
    if not before or not after:
        return [("resource", "there" if before else "none", "there" if after else "none")]
    if action == "isolate-instance":
        rows = [
            (f"interface {name}", groups_of(before, name), groups_of(after, name)) for name in sorted(after["interfaces"])
        ]
        return [*rows, ("instance profile", before["profile"] or "none", after["profile"] or "none")]
    if action == "revoke-role-sessions":
        return [("sessions denied", denied_before(before), denied_before(after))]
    return [
        ("public access", blocks(before), blocks(after)),
        ("encryption", algorithm(before), algorithm(after)),
        ("policy statements", statements(before), statements(after)),
    ]


def groups_of(state: dict, interface: str) -> str:
    names = []
    for group in state["interfaces"].get(interface, []):
        name, ingress, egress = state["groups"].get(group, [group, 0, 0])
        names.append(f"{name} ({ingress + egress} rules)")
    return ", ".join(names) or "none"


def denied_before(state: dict) -> str:
    policy = state["policies"].get(REVOCATION)
    if policy is None:
        return "none"
    statement = policy["Statement"][0]
    return f"{statement['Effect']} {statement['Action']}, issued before {statement['Condition']['DateLessThan']['aws:TokenIssueTime']}"


def blocks(state: dict) -> str:
    block = state["public_access_block"]
    return "no block" if block is None else f"{sum(block.values())} of 4 blocks on"


def algorithm(state: dict) -> str:
    rules = (state["encryption"] or {}).get("Rules") or [{}]
    return rules[0].get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "none")


def statements(state: dict) -> str:
    found = (state["policy"] or {}).get("Statement") or []
    found = found if isinstance(found, list) else [found]
    return ", ".join(statement.get("Sid", "unnamed") for statement in found) or "none"
