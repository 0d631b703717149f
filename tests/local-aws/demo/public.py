"""The public pages on the local AWS: the stack of infra/public.yaml, behind a name of its own."""

import contextlib

from demo import places, requests, screen, stack
from demo.records import Records
from local_aws.cloudfront import REGION, Edge

# Of the sample organisation's duties, the one to people.
OBLIGATIONS = ["us-ca-ind"]


@contextlib.contextmanager
def opened(aws, deployed: stack.Stack):
    """Keeps the pages up, and the form for requests behind them; yields the edge."""
    with Edge() as edge:
        api = requests.deploy(aws, deployed, edge.origin)
        deploy(aws, edge, RequestsOrigin=api["RequestsOrigin"], RequestsStage=api["RequestsStage"], OriginSecret=requests.SECRET)
        yield edge


def deploy(aws, edge: Edge, **requests: str) -> None:
    """`requests` are the parameters about the API that takes requests of data subjects, which is deployed for the edge's origin first."""
    outputs = aws.deploy("tocsin-public", places.REPOSITORY / "infra" / "public.yaml", {**parameters(aws, edge), **requests}, region=REGION)
    edge.serve(aws, outputs["DistributionId"], outputs["PagesBucket"])


def parameters(aws, edge: Edge) -> dict[str, str]:
    return {
        "PublicOrigin": edge.origin,
        # Nobody looks at it: what comes to localhost is not encrypted.
        "CertificateArn": f"arn:aws:acm:{REGION}:{aws.account}:certificate/00000000-0000-0000-0000-000000000000",
    }


def published(settings: dict, edge: Edge) -> dict:
    """The organisation's settings with these pages."""
    return {**settings, "public_pages": {"origin": edge.origin, "obligations": OBLIGATIONS}}


def show(aws, deployed: stack.Stack, edge: Edge) -> None:
    """Say where the public reads each notice, and which it reads by now."""
    listed = aws.client("s3", region=REGION).list_objects_v2(Bucket=edge.bucket)
    public = {found["Key"] for found in listed.get("Contents", [])}
    drafted = {item["record"]["page"]["path"] for (_, sort), item in Records(aws, deployed.table).everything().items() if is_page(sort, item)}
    screen.say(f"{edge.origin}/    what people read who ask about their own data, and where they ask", indent=2)
    screen.say("What the public reads:", indent=2)
    for path in sorted(drafted):
        since = "" if path in public else "    (once counsel has approved it)"
        screen.say(f"{edge.origin}/{path.removesuffix('index.html')}{since}", indent=4)


def is_page(sort: str, item: dict) -> bool:
    return sort.startswith("DRAFT#") and bool(item["record"].get("page"))
