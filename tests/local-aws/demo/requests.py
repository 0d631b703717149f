"""The public pages for requests on the local AWS: the stack of infra/privacy-requests.yaml."""

from demo import organisation, places, stack

# What the distribution would send; no firewall stands here.
SECRET = "not-a-secret-on-a-local-aws-0000000000"


def opened(aws, deployed: stack.Stack, origin: str) -> str:
    """Deploys the stack behind this origin; where the stage of its API answers here, without a slash at the end."""
    outputs = deploy(aws, deployed, origin)
    api = outputs["RequestsOrigin"].split(".")[0]
    return f"{aws.endpoint}/_aws/execute-api/{api}{outputs['RequestsStage']}"


def deploy(aws, deployed: stack.Stack, origin: str) -> dict[str, str]:
    """Deploys the stack behind this origin; its outputs."""
    return aws.deploy("tocsin-privacy-requests", places.REPOSITORY / "infra" / "privacy-requests.yaml", parameters(deployed, origin))


def parameters(deployed: stack.Stack, origin: str) -> dict[str, str]:
    return {
        "Architecture": stack.architecture(),
        "PublicOrigin": origin,
        "OriginSecret": SECRET,
        "IncidentsTable": deployed.table,
        "SettingsBucket": deployed.settings,
        "OperatorTopic": deployed.topic,
        "NoticeSender": organisation.SENDER,
        "NoticeSenderIdentity": organisation.SENDER_DOMAIN,
    }
