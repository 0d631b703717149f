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
    return {"policy": own_policy(boto3.client("iam"), run["target"], POLICY)}


def refuse(run, before):
    if not any(arn.strip() for arn in run["model_arns"]):
        raise ValueError("ModelArns is empty: there is nothing to deny")
    refuse_foreign_role(run, OF_AWS)
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
    restore_own_policy(run, POLICY)


def calls(run, state):
    models = ", ".join(run["model_arns"])
    change = f"the inline policy {POLICY}: denies the models {models}, and every other call that leads to a model"
    return [{"call": "iam:PutRolePolicy", "on": run["target"], "change": change}]


def impact(run, state):
    """What works with the role in this region, and who may take it on."""
    role = boto3.client("iam").get_role(RoleName=run["target"])["Role"]
    names = functions_with(role["Arn"])
    return use_of_role(role) + [f"the Lambda function {name} gets no answer from the models" for name in names]
