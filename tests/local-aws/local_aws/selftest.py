"""One call through the front door for each join; a failure names the join."""

import botocore.config
import botocore.exceptions
import botocore.session

from local_aws.settings import ACCOUNT, REGION, ROOT_SECRET


class SelfTestFailed(RuntimeError):
    """The gateway is up, but a join does not answer as the local AWS needs."""


def client(service: str, endpoint: str):
    return botocore.session.get_session().create_client(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key=ROOT_SECRET,
        config=botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=20),
    )


def run(endpoint: str) -> None:
    checks = {
        "ministack answers STS (local_aws.recording)": lambda: client("sts", endpoint).get_caller_identity()["Account"] == ACCOUNT,
    }
    for name, check in checks.items():
        try:
            passed = check()
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            raise SelfTestFailed(f"{name}: {error}") from error
        if not passed:
            raise SelfTestFailed(f"{name}: wrong answer")
