import boto3
import json

POLICY = "TocsinDenyModels"
# What is asked for a model or an inference profile. InvokeModel also stands for Converse, asynchronous and bidirectional calls,
# InvokeModelWithResponseStream for ConverseStream.
BY_MODEL = ["bedrock:CreateModelInvocationJob", "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
# What leads to a model without naming one, or with the permissions of another role.
BEHIND_OTHER_CALLS = [
    "bedrock-mantle:CallWithBearerToken",
    "bedrock-mantle:CreateInference",
    "bedrock:CallWithBearerToken",
    "bedrock:CreateEvaluationJob",
    "bedrock:GenerateQuery",
    "bedrock:InvokeAgent",
    "bedrock:InvokeDataAutomationAsync",
    "bedrock:InvokeFlow",
    "bedrock:InvokeInlineAgent",
    "bedrock:OptimizePrompt",
    "bedrock:Rerank",
    "bedrock:RetrieveAndGenerate",
    "bedrock:StartFlowExecution",
]
# The paths of roles on which AWS lets nobody put an inline policy.
OF_AWS = {
    "/aws-service-role/": "is a service-linked role, which only its service can use",
    "/aws-reserved/sso.amazonaws.com/": "belongs to IAM Identity Center: its users are locked by lock-identity-user",
}


def observe(run):
    iam, role = boto3.client("iam"), run["target"]
    try:
        return {"policy": text_of(iam.get_role_policy(RoleName=role, PolicyName=POLICY)["PolicyDocument"])}
    except iam.exceptions.NoSuchEntityException:
        # IAM says the same of a missing role: asking for the role tells the two apart.
        iam.get_role(RoleName=role)
        return {"policy": None}


def refuse(run, before):
    if not any(arn.strip() for arn in run["model_arns"]):
        raise ValueError("ModelArns is empty: there is nothing to deny")
    role = boto3.client("iam").get_role(RoleName=run["target"])["Role"]
    for path, reason in OF_AWS.items():
        if role["Path"].startswith(path):
            raise ValueError(f"{run['target']} {reason}")
    if run["target"].startswith("Tocsin-"):
        raise ValueError(f"{run['target']} is a role of Tocsin itself")
    if before["policy"] is not None:
        raise touched(run)


def settled(run, state):
    return state["policy"] is not None


def deny_models(run):
    models = {"Sid": POLICY, "Effect": "Deny", "Action": BY_MODEL, "Resource": sorted(set(run["model_arns"]))}
    others = {"Sid": f"{POLICY}BehindOtherCalls", "Effect": "Deny", "Action": BEHIND_OTHER_CALLS, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [models, others]})
    boto3.client("iam").put_role_policy(RoleName=run["target"], PolicyName=POLICY, PolicyDocument=policy)


def restore_policy(run):
    iam, recorded = boto3.client("iam"), run["before"]["policy"]
    if recorded is not None:
        iam.put_role_policy(RoleName=run["target"], PolicyName=POLICY, PolicyDocument=recorded)
        return
    try:
        iam.delete_role_policy(RoleName=run["target"], PolicyName=POLICY)
    except iam.exceptions.NoSuchEntityException:
        # Gone already: an earlier reversal took it away, or the run stopped before it was put.
        return


def calls(run, state):
    models = ", ".join(run["model_arns"])
    change = f"the inline policy {POLICY}: denies the models {models}, and every other call that leads to a model"
    return [{"call": "iam:PutRolePolicy", "on": run["target"], "change": change}]


def impact(run, state):
    """What works with the role in this region, and who may take it on."""
    role = boto3.client("iam").get_role(RoleName=run["target"])["Role"]
    used = role.get("RoleLastUsed", {})
    when = used["LastUsedDate"].strftime("%Y-%m-%dT%H:%M:%SZ") if "LastUsedDate" in used else None
    statements = role["AssumeRolePolicyDocument"].get("Statement", [])
    trusted = [one.get("Principal") for one in (statements if isinstance(statements, list) else [statements])]
    lines = [
        f"the role was last used at {when} in {used['Region']}"
        if when
        else "AWS knows of no use of the role in the last 400 days"
    ]
    lines.append(f"the role may be taken on by {json.dumps(trusted)}")
    pages = boto3.client("lambda").get_paginator("list_functions").paginate()
    names = sorted(one["FunctionName"] for page in pages for one in page["Functions"] if one["Role"] == role["Arn"])
    return lines + [f"the Lambda function {name} gets no answer from the models" for name in names]
