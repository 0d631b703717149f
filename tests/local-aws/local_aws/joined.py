"""Imports every module that joins the emulators, so that all plug points are taken before the gateway serves."""

import threading

from local_aws import (
    access_analyzer,
    agents,
    assumed_roles,
    athena,
    bucket_policies,
    bus,
    cloudformation,
    cloudtrail,
    configuration_history,
    delivery_channels,
    detectors,
    distributed_map,
    function_urls,
    functions,
    guardduty,
    iam_credentials,
    instance_ids,
    invocation_logging,
    key_rotation,
    keys_of_others,
    kubernetes_api,
    lambda_concurrency,
    large_objects,
    macie,
    missing_operations,
    moto_services,
    s3_objects,
    s3_settings,
    sdk_tasks,
    secrets_manager,
    security_hub,
    state_machines,
    waf,
)
from local_aws.automation import service

__all__ = [
    "access_analyzer",
    "agents",
    "assumed_roles",
    "athena",
    "bucket_policies",
    "bus",
    "cloudformation",
    "cloudtrail",
    "configuration_history",
    "delivery_channels",
    "detectors",
    "distributed_map",
    "function_urls",
    "functions",
    "guardduty",
    "iam_credentials",
    "instance_ids",
    "invocation_logging",
    "key_rotation",
    "keys_of_others",
    "kubernetes_api",
    "lambda_concurrency",
    "large_objects",
    "macie",
    "missing_operations",
    "moto_services",
    "s3_objects",
    "s3_settings",
    "sdk_tasks",
    "secrets_manager",
    "security_hub",
    "service",
    "state_machines",
    "waf",
]


def start() -> None:
    """Start what should be warm before it is first used."""
    service.start_workers()
    threading.Thread(target=moto_services.moto_client, daemon=True, name="moto").start()
