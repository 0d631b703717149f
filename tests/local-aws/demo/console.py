"""The console on the local AWS: the stack of infra/console.yaml, and the provider that its people sign in with."""

import contextlib
import time

from demo import places, public, screen, stack
from local_aws.identity_provider import CLIENT_ID, IdentityProvider, users


def origin(aws) -> str:
    """By this name the gateway serves the console; by 127.0.0.1, the APIs of AWS."""
    return f"http://localhost:{aws.endpoint.rsplit(':', 1)[-1]}"


@contextlib.contextmanager
def opened(aws, deployed: stack.Stack):
    """Deploys the console and keeps its provider up; yields the provider."""
    with IdentityProvider(places.IDENTITY_PROVIDER, origin(aws), aws.run_dir / "identity-provider.log") as provider:
        aws.deploy("tocsin-console", places.REPOSITORY / "infra" / "console.yaml", parameters(aws, deployed, provider.issuer))
        yield provider


def parameters(aws, deployed: stack.Stack, issuer: str) -> dict[str, str]:
    return {
        "Architecture": stack.architecture(),
        "ConsoleOrigin": origin(aws),
        # Nobody looks at it: what comes to localhost is not encrypted.
        "CertificateArn": f"arn:aws:acm:{aws.region}:{aws.account}:certificate/00000000-0000-0000-0000-000000000000",
        "OidcIssuer": issuer,
        "OidcClientId": CLIENT_ID,
        "IncidentsTable": deployed.table,
        "SettingsBucket": deployed.settings,
        "OperatorTopicArn": deployed.topic,
    }


def keep_open(aws, deployed: stack.Stack, edge) -> None:
    """Say where it is, who may sign in and what the public reads, and stay until Ctrl-C."""
    screen.heading("The console is open")
    screen.say(f"{origin(aws)}/    in a browser on this machine", indent=2)
    screen.say("Sign in as one of these; they have no password:", indent=2)
    for user in users():
        roles = ", ".join(group.removeprefix("tocsin-") for group in user["groups"]) or "no role: is let in nowhere"
        screen.say(f"{user['sub']:<18} {user['name']:<14} {roles}", indent=4)
    public.show(aws, deployed, edge)
    screen.say("Ctrl-C ends it, and the local AWS with it.", indent=2)
    try:
        while aws.is_running():
            time.sleep(1)
    except KeyboardInterrupt:
        screen.say("The console and the local AWS are down.")
