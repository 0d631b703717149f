"""What the collection of evidence may read in an account, derived from the sources of evidence.

The sources (`functions/incident/evidence/*.toml`) say which calls are made, so no permission is written by hand and none is left over.
`callers.py` parts them into managed policies of a size that IAM takes.
Which resource an attacker reaches is known only from the finding: what is limited is the account, and that nothing is changed.
"""

import collections
import pathlib
import tomllib

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "functions" / "incident" / "evidence"
# Where the ARNs of a service are not all of this account: buckets and snapshots have no account in theirs, policies of AWS belong to `aws`.
RESOURCES = {
    "bedrock": ["bedrock:*:${AWS::AccountId}:*", "bedrock:*::foundation-model/*"],
    "cloudfront": ["cloudfront::${AWS::AccountId}:distribution/*"],
    "ec2": ["ec2:*:${AWS::AccountId}:instance/*", "ec2:*::snapshot/*"],
    "iam": ["iam::${AWS::AccountId}:*", "iam::aws:policy/*"],
    "identitystore": ["identitystore::${AWS::AccountId}:*", "identitystore:::user/*", "identitystore:::membership/*"],
    "s3": ["s3:::*", "s3:*:${AWS::AccountId}:accesspoint/*"],
    "sso": ["sso:::instance/*"],
}
# The actions that AWS's authorization reference knows no resources for: with anything but `*` every call would be refused.
WITHOUT_RESOURCES = {
    "access-analyzer": "ListAnalyzers",
    "bedrock": "GetModelInvocationLoggingConfiguration",
    "cloudfront": "ListDistributionsByWebACLId",
    "cloudtrail": "DescribeTrails ListEventDataStores LookupEvents",
    "config": "DescribeConfigurationRecorderStatus DescribeConfigurationRecorders DescribeDeliveryChannelStatus DescribeDeliveryChannels"
    " DescribeRetentionConfigurations GetResourceConfigHistory ListDiscoveredResources",
    "dynamodb": "ListBackups ListExports",
    "ec2": "DescribeFlowLogs DescribeImages DescribeInstanceStatus DescribeInstances DescribeNetworkAcls DescribeNetworkInterfaces"
    " DescribeRouteTables DescribeSecurityGroups DescribeSnapshots DescribeSubnets DescribeVolumes",
    "ecs": "DescribeTaskDefinition ListClusters ListServices",
    "eks": "ListClusters",
    "elasticloadbalancing": "DescribeListeners DescribeLoadBalancerAttributes DescribeLoadBalancers",
    "guardduty": "GetAdministratorAccount ListFilters ListIPSets ListPublishingDestinations",
    "iam": "GenerateCredentialReport GetAccountAuthorizationDetails GetAccountPasswordPolicy GetAccountSummary GetCredentialReport"
    " GetServiceLastAccessedDetails ListAccountAliases ListOpenIDConnectProviders ListSAMLProviders",
    "kms": "ListAliases",
    "lambda": "ListEventSourceMappings",
    "logs": "DescribeLogGroups DescribeResourcePolicies",
    "macie2": "DescribeBuckets GetFindings GetMacieSession ListClassificationJobs ListFindings",
    "rds": "DescribeEvents",
    "redshift": "DescribeClusters",
    "route53resolver": "ListResolverQueryLogConfigAssociations",
    "s3": "GetAccountPublicAccessBlock ListAccessPoints",
    "ssm": "DescribeInstanceInformation DescribeSessions ListCommandInvocations",
    "sso": "ListInstances",
    "sts": "GetAccessKeyInfo",
    "wafv2": "ListWebACLs",
}


def read(folder: pathlib.Path, name: str) -> dict:
    return tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))


def actions(folder: pathlib.Path = SOURCES) -> set[str]:
    """The IAM action of every call of every source."""
    services = read(folder, "services")
    files = [file.stem for file in folder.glob("*.toml") if file.stem != "services"]
    calls = [call for name in files for call in read(folder, name).get("call", [])]
    return {call.get("action", f"{services[call['service']].get('prefix', call['service'])}:{call['operation']}") for call in calls}


def without_resources() -> set[str]:
    return {f"{service}:{name}" for service, names in WITHOUT_RESOURCES.items() for name in names.split()}


def statements(folder: pathlib.Path = SOURCES) -> list[dict]:
    """One statement a service, and one for all actions that know no resources."""
    of_service = collections.defaultdict(list)
    wanted = actions(folder)
    for action in sorted(wanted - without_resources()):
        of_service[action.split(":")[0]].append(action)
    found = [statement(service, names) for service, names in of_service.items()]
    return [*found, {"Sid": "EvidenceWithoutResources", "Effect": "Allow", "Action": sorted(wanted & without_resources()), "Resource": "*"}]


def is_of_evidence(statement: dict) -> bool:
    """Whether it is one of these."""
    return statement["Sid"].startswith("Evidence")


def statement(service: str, names: list[str]) -> dict:
    resources = [
        {"Fn::Sub": f"arn:${{AWS::Partition}}:{rest}"} for rest in RESOURCES.get(service, [f"{service}:*:${{AWS::AccountId}}:*"])
    ]
    sid = "Evidence" + "".join(part.capitalize() for part in service.split("-"))
    return {"Sid": sid, "Effect": "Allow", "Action": names, "Resource": resources}
