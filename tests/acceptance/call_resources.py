"""Which resource an IAM action is asked for, told from the parameters of the recorded call.

Only what a call names: that a DescribeX call reads every instance, say, is not told. From the service authorization reference.
"""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Place:
    account: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def global_arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}::{self.account}:{resource}"


# Actions on a bucket; other `s3:` actions are on the object.
_BUCKET_ACTIONS = re.compile(r"^s3:(List(?!MultipartUploadParts)|\w*Bucket|\w*Configuration)")
_EC2_KINDS = {
    "InstanceId": "instance",
    "GroupId": "security-group",
    "SecurityGroupId": "security-group",
    "NetworkInterfaceId": "network-interface",
    "VolumeId": "volume",
    "VpcId": "vpc",
}
_DOCUMENT = re.compile(r"^Tocsin-(Reverse|Preview)?")


def resources_of(action: str, operation: str, parameters: dict, place: Place) -> list[str]:
    """The ARNs that AWS checks `action` against; none where the call does not name them."""
    service = action.split(":")[0]
    if action == "iam:PassRole":
        return passed_role(operation, parameters, place)
    if service == "ec2":
        return _ec2(action, operation, parameters, place)
    found = _BY_SERVICE.get(service, lambda *_: None)(action, parameters, place)
    return [found] if found else []


def passed_role(operation: str, parameters: dict, place: Place) -> list[str]:
    """A document runs under the role of its action: `Tocsin-ReverseLockBucket` under `Tocsin-LockBucket`."""
    document = parameters.get("DocumentName", "")
    if operation != "StartAutomationExecution" or not document:
        return []
    return [place.global_arn("iam", f"role/{_DOCUMENT.sub('Tocsin-', document)}")]


def _ec2(action: str, operation: str, parameters: dict, place: Place) -> list[str]:
    """Each existing resource that a change names is checked by itself. Descriptions know no resources."""
    if operation.startswith("Describe") or action != f"ec2:{operation}":
        return []
    named = {key.split(".")[-1] if not key[-1].isdigit() else key.rsplit(".", 1)[0]: value for key, value in parameters.items()}
    return [place.arn("ec2", f"{kind}/{named[name]}") for name, kind in _EC2_KINDS.items() if isinstance(named.get(name), str)]


def _s3(action: str, parameters: dict, _place: Place) -> str | None:
    bucket, key = parameters.get("Bucket"), parameters.get("Key")
    if not bucket:
        return None
    if _BUCKET_ACTIONS.match(action):
        return f"arn:aws:s3:::{bucket}"
    return f"arn:aws:s3:::{bucket}/{key}" if key else None


def _dynamodb(_action: str, parameters: dict, place: Place) -> str | None:
    return place.arn("dynamodb", f"table/{parameters['TableName']}") if "TableName" in parameters else None


def _sqs(_action: str, parameters: dict, place: Place) -> str | None:
    return place.arn("sqs", parameters["QueueUrl"].rsplit("/", 1)[-1]) if "QueueUrl" in parameters else None


def _sns(_action: str, parameters: dict, _place: Place) -> str | None:
    return parameters.get("TopicArn")


def _states(action: str, parameters: dict, _place: Place) -> str | None:
    if action == "states:StartExecution":
        return parameters.get("stateMachineArn") or parameters.get("StateMachineArn")
    return None


def _lambda(_action: str, parameters: dict, place: Place) -> str | None:
    name = parameters.get("FunctionName")
    if not name:
        return None
    return name if name.startswith("arn:") else place.arn("lambda", f"function:{name}")


def _ssm(action: str, parameters: dict, place: Place) -> str | None:
    if action == "ssm:StartAutomationExecution" and "DocumentName" in parameters:
        return place.arn("ssm", f"automation-definition/{parameters['DocumentName']}:$DEFAULT")
    if "AutomationExecutionId" in parameters:
        return place.arn("ssm", f"automation-execution/{parameters['AutomationExecutionId']}")
    return None


def _ses(_action: str, parameters: dict, place: Place) -> str | None:
    """Either the address or its domain is the verified identity; which one is a deployment's choice."""
    sender = parameters.get("FromEmailAddress")
    return place.arn("ses", f"identity/{sender}") if sender else None


def _guardduty(_action: str, parameters: dict, place: Place) -> str | None:
    if "DetectorId" not in parameters:
        return None
    below = f"/filter/{parameters['FilterName']}" if "FilterName" in parameters else ""
    return place.arn("guardduty", f"detector/{parameters['DetectorId']}{below}")


def _securityhub(_action: str, _parameters: dict, place: Place) -> str:
    return place.arn("securityhub", "hub/default")


def _iam(_action: str, parameters: dict, place: Place) -> str | None:
    return place.global_arn("iam", f"role/{parameters['RoleName']}") if "RoleName" in parameters else None


def _sts(_action: str, parameters: dict, _place: Place) -> str | None:
    return parameters.get("RoleArn")


_BY_SERVICE = {
    "s3": _s3,
    "dynamodb": _dynamodb,
    "sqs": _sqs,
    "sns": _sns,
    "states": _states,
    "lambda": _lambda,
    "ssm": _ssm,
    "ses": _ses,
    "guardduty": _guardduty,
    "securityhub": _securityhub,
    "iam": _iam,
    "sts": _sts,
}
