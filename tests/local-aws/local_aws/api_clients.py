"""botocore clients of the gateway's own front door, for whoever acts inside the gateway: automations, state machines, the self-test.

All come from one session, because a service's model is read once a session and the model of EC2 alone takes a quarter of a second.
"""

import os
import threading

import botocore.config
import botocore.session

from local_aws.settings import REGION

session = botocore.session.get_session()
_clients: dict = {}
# A session is not safe for two threads that make clients at once.
_lock = threading.Lock()


def client(service: str, region: str, access_key: str, secret_key: str, session_token: str | None = None, attempts: int = 1):
    """The client for these credentials; made once. Raises botocore's UnknownServiceError."""
    key = (service, region, access_key, attempts)
    with _lock:
        if key not in _clients:
            _clients[key] = session.create_client(
                service,
                region_name=region,
                endpoint_url=os.environ["AWS_ENDPOINT_URL"],
                aws_access_key_id=access_key,
                aws_secret_access_key=secret_key,
                aws_session_token=session_token,
                config=botocore.config.Config(
                    retries={"total_max_attempts": attempts, "mode": "standard"},
                    inject_host_prefix=False,
                    read_timeout=60,
                    max_pool_connections=32,
                ),
            )
        return _clients[key]


def warm(*services: str) -> None:
    """Read the models that will be needed before the first one is."""
    for service in services:
        client(service, REGION, "warm", "warm")


def model(service: str):
    with _lock:
        return session.get_service_model(service)


def service_description(service: str) -> dict:
    """The model as botocore ships it; raises when there is no such service."""
    return session.get_component("data_loader").load_service_model(service, "service-2")
