"""The stack of the console where no issuer is given: it makes one, and nothing leads around its door."""

import pytest
from demo import places, stack

REGION = "us-west-2"
ORIGIN = "https://tocsin.shop.example"
ROLES = ("auditor", "commander", "counsel", "privacy", "responder", "support")


@pytest.fixture(scope="module")
def made(aws):
    """In a region of its own, beside the console of the other tests."""
    parameters = {
        "Architecture": stack.architecture(),
        "ConsoleOrigin": ORIGIN,
        "CertificateArn": f"arn:aws:acm:{REGION}:{aws.account}:certificate/00000000-0000-0000-0000-000000000000",
        "SettingsBucket": "settings",
        "OperatorTopicArn": f"arn:aws:sns:{REGION}:{aws.account}:tocsin-operator",
    }
    return aws.deploy("tocsin-console", places.REPOSITORY / "infra" / "console.yaml", parameters, region=REGION)


@pytest.fixture(scope="module")
def environment(aws, made):
    return aws.client("lambda", region=REGION).get_function_configuration(FunctionName="tocsin-console")["Environment"]["Variables"]


def test_people_sign_in_at_a_pool_with_a_group_a_role(aws, made, environment):
    cognito = aws.client("cognito-idp", region=REGION)
    pool = cognito.describe_user_pool(UserPoolId=made["UserPool"])["UserPool"]
    assert pool["MfaConfiguration"] == "ON"
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"]
    assert environment["OIDC_ISSUER"] == f"https://cognito-idp.{REGION}.amazonaws.com/{made['UserPool']}"
    groups = cognito.list_groups(UserPoolId=made["UserPool"])["Groups"]
    assert sorted(group["GroupName"] for group in groups) == [f"tocsin-{role}" for role in ROLES]


def test_the_pool_knows_the_console_alone_and_sends_people_back_to_it(aws, made, environment):
    cognito = aws.client("cognito-idp", region=REGION)
    clients = cognito.list_user_pool_clients(UserPoolId=made["UserPool"], MaxResults=10)["UserPoolClients"]
    assert [client["ClientId"] for client in clients] == [environment["OIDC_CLIENT_ID"]]
    known = cognito.describe_user_pool_client(UserPoolId=made["UserPool"], ClientId=environment["OIDC_CLIENT_ID"])["UserPoolClient"]
    assert (known["CallbackURLs"], known["LogoutURLs"]) == ([f"{ORIGIN}/signed-in"], [f"{ORIGIN}/signed-out"])
    assert known["AllowedOAuthFlows"] == ["code"]
    assert "ClientSecret" not in known


def test_the_name_leads_to_a_stage_behind_the_firewall(aws, made):
    gateway = aws.client("apigateway", region=REGION)
    mapping = gateway.get_base_path_mappings(domainName="tocsin.shop.example")["items"][0]
    stage = f"arn:aws:apigateway:{REGION}::/restapis/{mapping['restApiId']}/stages/{mapping['stage']}"
    firewall = aws.client("wafv2", region=REGION).get_web_acl_for_resource(ResourceArn=stage)["WebACL"]
    limits = [rule["Statement"]["RateBasedStatement"] for rule in firewall["Rules"] if "RateBasedStatement" in rule["Statement"]]
    assert {limit["AggregateKeyType"] for limit in limits} == {"IP", "CUSTOM_KEYS"}
    throttled = gateway.get_stage(restApiId=mapping["restApiId"], stageName=mapping["stage"])["methodSettings"]["*/*"]
    assert throttled["throttlingRateLimit"] > 0


def test_what_the_console_works_with_is_what_the_response_has(aws, tocsin, environment):
    """The templates name it by its name: neither stack is made of the other."""
    for machine in ("notification", "incident-response"):
        found = environment["NOTIFICATION_STATE_MACHINE_ARN" if machine == "notification" else "INCIDENT_RESPONSE_ARN"]
        assert found.replace(REGION, aws.region) == tocsin.machine(machine)
    groups = aws.client("scheduler").list_schedule_groups()["ScheduleGroups"]
    assert environment["REMINDER_GROUP"] in {group["Name"] for group in groups}
    assert environment["TABLE_NAME"] == tocsin.table
