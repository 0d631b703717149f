"""The roles by which the responder's functions act in an account, as resources of the member template.

Each trusts one function of the security account, and may start exactly the documents that this function has to start. What it
may start follows from the actions that there are, so `render.py` makes these roles.
"""

import json

import evidence_reader

PREFIX = "Tocsin-Member-"
# IAM counts the inline policies of a role together, a managed policy by itself, each without white space; and a role has ten managed policies
# until AWS raises that (IAM user guide, "IAM and AWS STS quotas").
MOST_POLICY = 10_240
MOST_MANAGED_POLICY = 6_144
MOST_MANAGED_POLICIES = 10
# What changes something to preserve evidence. Only the evidence account has the one that receives.
PRESERVING = ["Tocsin-CaptureMemory", "Tocsin-ReceiveSnapshots", "Tocsin-SnapshotVolumes"]
READ = ("ReadRuns", ["ssm:GetAutomationExecution"])
STOP = ("StopRuns", ["ssm:StopAutomationExecution"])


class TooMuch(ValueError):
    """A role whose policy IAM would not take."""


def arn(rest: str) -> dict:
    """`rest` begins at the service."""
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:{rest}"}


def starts(documents: list[str], roles: list[str]) -> list[dict]:
    """Any region, since a role is the same in all of them."""
    return [
        {
            "Sid": "StartDocuments",
            "Effect": "Allow",
            "Action": ["ssm:StartAutomationExecution"],
            "Resource": [arn(f"ssm:*:${{AWS::AccountId}}:automation-definition/{name}:*") for name in documents],
        },
        {
            "Sid": "PassTheirRoles",
            "Effect": "Allow",
            "Action": ["iam:PassRole"],
            "Resource": [arn(f"iam::${{AWS::AccountId}}:role/{name}") for name in roles],
            "Condition": {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}},
        },
    ]


def runs(sid: str, actions: list[str]) -> dict:
    """On any run: its id is not known before, and who may start none makes none."""
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": arn("ssm:*:${AWS::AccountId}:automation-execution/*")}


def objects() -> list[dict]:
    """Which objects an incident is about is known only from its evidence: any, but read only, and named by their keys, since
    nothing here lists a bucket."""
    through_s3 = {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}
    return [
        {"Sid": "ReadObjects", "Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": arn("s3:::*/*")},
        # Of a key that its own policy gives to this account; any, since the object says which.
        {"Sid": "DecryptWhatS3Reads", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": "*", "Condition": through_s3},
    ]


def statements(actions: list) -> dict[str, list[dict]]:
    """Function -> what it may do in an account. `actions` are those of `render.py`."""
    roles = [action.role for action in actions]
    documents = {
        kind: [name for action in actions for one, name in action.kinds() if one == kind]
        for kind in ("document", "reversal", "preview")
    }
    return {
        "start-containment": starts(documents["document"], roles),
        "verify-containment": [runs(*READ)],
        "reverse-containment": [*starts(documents["reversal"] + documents["preview"], roles), runs(*READ), runs(*STOP)],
        "order-containment": [*starts(documents["preview"], roles), runs(*READ)],
        "copy-objects": objects(),
        "preserve-evidence": [*starts(PRESERVING, PRESERVING), runs(*READ), *evidence_reader.statements()],
    }


def resources(actions: list) -> dict:
    found = {}
    for function, allowed in statements(actions).items():
        found |= of_function(function, allowed)
    return found


def of_function(function: str, allowed: list[dict]) -> dict:
    """The role of a function. What reads evidence grows with every source: it has managed policies of its own beside it, as many as it takes."""
    reads = [statement for statement in allowed if evidence_reader.is_of_evidence(statement)]
    name, resource = role(function, [statement for statement in allowed if statement not in reads])
    policies = packed(reads)
    if len(policies) > MOST_MANAGED_POLICIES:
        raise TooMuch(f"{resource['Properties']['RoleName']} needs {len(policies)} managed policies, IAM takes {MOST_MANAGED_POLICIES}")
    found = {name: resource}
    for number, some in enumerate(policies, 1):
        properties = {
            "ManagedPolicyName": f"{resource['Properties']['RoleName']}-{number}",
            "Description": f"What tocsin-{function} may read as evidence in this account, part {number} of {len(policies)}.",
            "Roles": [{"Ref": name}],
            "PolicyDocument": document(some),
        }
        policy = {"Type": "AWS::IAM::ManagedPolicy", "Condition": "IsHomeRegion", "Properties": properties}
        found[f"{name.removesuffix('Role')}Policy{number}"] = policy
    return found


def packed(statements: list[dict]) -> list[list[dict]]:
    """The statements in their order, in as few policies as that allows."""
    policies: list[list[dict]] = []
    for statement in statements:
        if size(document([statement])) > MOST_MANAGED_POLICY:
            raise TooMuch(f"the statement `{statement['Sid']}` alone has more than the {MOST_MANAGED_POLICY} characters that IAM takes")
        if policies and size(document([*policies[-1], statement])) <= MOST_MANAGED_POLICY:
            policies[-1].append(statement)
        else:
            policies.append([statement])
    return policies


def document(statements: list[dict]) -> dict:
    return {"Version": "2012-10-17", "Statement": statements}


def size(policy: dict) -> int:
    """As IAM counts it, once the template is filled in."""
    return len("".join(json.dumps(policy).replace('{"Fn::Sub": ', "").replace("${AWS::AccountId}", "111122223333").split()))


def role(function: str, allowed: list[dict]) -> tuple[str, dict]:
    pascal = "".join(part.capitalize() for part in function.split("-"))
    policy = document(allowed)
    if size(policy) > MOST_POLICY:
        raise TooMuch(f"the policy of {PREFIX}{pascal} has {size(policy)} characters, IAM takes {MOST_POLICY}")
    properties = {
        "RoleName": f"{PREFIX}{pascal}",
        "Description": f"What tocsin-{function} may do in this account."
        " Assumed by that function of the security account alone.",
        "MaxSessionDuration": 3600,
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust(function)]},
        "Policies": [{"PolicyName": f"{PREFIX}{pascal}", "PolicyDocument": policy}],
        "Tags": [{"Key": "tocsin:security-account", "Value": {"Ref": "SecurityAccountId"}}],
    }
    return f"Member{pascal}Role", {"Type": "AWS::IAM::Role", "Condition": "IsHomeRegion", "Properties": properties}


def trust(function: str) -> dict:
    """The function's role by its ARN, as a condition: as a principal it would have to exist before this account can be set up,
    and would be dead for good after it was made again."""
    own = {"aws:PrincipalArn": arn(f"iam::${{SecurityAccountId}}:role/tocsin-{function}")}
    organization = {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}}
    return {
        "Effect": "Allow",
        "Principal": {"AWS": arn("iam::${SecurityAccountId}:root")},
        "Action": "sts:AssumeRole",
        "Condition": {
            "ArnEquals": own,
            "StringEquals": {"Fn::If": ["HasOrganization", organization, {"Ref": "AWS::NoValue"}]},
        },
    }
