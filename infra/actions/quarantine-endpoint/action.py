import boto3
import hashlib
import time

COPY = "tocsin-quarantine-"
# The lists of a configuration that name models. A shadow variant gets real requests, too.
VARIANTS = ("ProductionVariants", "ShadowProductionVariants")
COPIED_FROM_CONFIGURATION = (
    *VARIANTS,
    "DataCaptureConfig",
    "KmsKeyId",
    "AsyncInferenceConfig",
    "ExplainerConfig",
    "ExecutionRoleArn",
    "VpcConfig",
    "EnableNetworkIsolation",
    "MetricsConfig",
)
COPIED_FROM_MODEL = ("PrimaryContainer", "Containers", "InferenceExecutionConfig", "ExecutionRoleArn", "VpcConfig")
# A step may run for 600 s.
LONGEST_WAIT = 570


def observe(run):
    sagemaker = boto3.client("sagemaker")
    endpoint = sagemaker.describe_endpoint(EndpointName=run["target"])
    configuration = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    capture = endpoint.get("DataCaptureConfig")
    return {
        "configuration": endpoint["EndpointConfigName"],
        "status": endpoint["EndpointStatus"],
        "models": {name: {"isolated": is_isolated(sagemaker, name)} for name in models_of(configuration)},
        "data_capture": capture and {"enabled": capture["EnableCapture"], "destination": capture["DestinationS3Uri"]},
    }


def variants_of(configuration):
    return [variant for key in VARIANTS for variant in configuration.get(key) or []]


def models_of(configuration):
    """Every model that the configuration names, in its order: of a variant, and of a pool of instances that has its own."""
    named = [
        name
        for variant in variants_of(configuration)
        for name in (variant.get("ModelName"), *(pool.get("ModelNameOverride") for pool in variant.get("InstancePools") or []))
    ]
    return list(dict.fromkeys(name for name in named if name))


def is_isolated(sagemaker, name):
    return bool(sagemaker.describe_model(ModelName=name).get("EnableNetworkIsolation"))


def refuse(run, before):
    if before["configuration"].startswith(COPY):
        raise touched(run)
    # A configuration that is about to change is not what was found.
    if before["status"] != "InService":
        raise ValueError(f"the endpoint is {before['status']}, not InService: it can't be updated now")
    configuration = boto3.client("sagemaker").describe_endpoint_config(EndpointConfigName=before["configuration"])
    for variant in variants_of(configuration):
        if "ServerlessConfig" in variant:
            raise ValueError("serverless inference knows no network isolation: revoke the sessions of the models' role instead")
        if not variant.get("ModelName"):
            raise ValueError("the endpoint serves inference components, which name their models themselves: contain it by hand")


def copies(run, before):
    """Model -> its isolated copy. The names follow from what was found, so that a repeat finds what a broken run made."""
    stem = copy_stem(run, before)
    open_models = [name for name, model in before["models"].items() if not model["isolated"]]
    return {name: f"{stem}-{number}" for number, name in enumerate(open_models)}


def copy_stem(run, before):
    return COPY + hashlib.sha256(f"{run['target']}/{before['configuration']}".encode()).hexdigest()[:16]


def wanted_configuration(run, before):
    # Models that were all isolated before need no other configuration.
    return copy_stem(run, before) if copies(run, before) else before["configuration"]


def exists(sagemaker, read):
    try:
        read()
    except sagemaker.exceptions.ClientError as error:
        # SageMaker has no error of its own for what is not there.
        if (
            error.response["Error"]["Code"] != "ValidationException"
            or "Could not find" not in error.response["Error"]["Message"]
        ):
            raise
        return False
    return True


def has_model(sagemaker, name):
    return exists(sagemaker, lambda: sagemaker.describe_model(ModelName=name))


def has_configuration(sagemaker, name):
    return exists(sagemaker, lambda: sagemaker.describe_endpoint_config(EndpointConfigName=name))


def copy_models(run):
    sagemaker = boto3.client("sagemaker")
    for name, copy in copies(run, run["before"]).items():
        if has_model(sagemaker, copy):
            continue
        found = sagemaker.describe_model(ModelName=name)
        taken = {key: found[key] for key in COPIED_FROM_MODEL if found.get(key)}
        for container in [taken.get("PrimaryContainer"), *taken.get("Containers", [])]:
            # SageMaker shows the place of the model data in two forms, and takes one.
            if container and container.get("ModelDataUrl"):
                container.pop("ModelDataSource", None)
        make_model(sagemaker, copy, taken)


def make_model(sagemaker, name, taken):
    unless_done(
        lambda: sagemaker.create_model(ModelName=name, EnableNetworkIsolation=True, **taken),
        lambda: has_model(sagemaker, name),
    )


def copy_configuration(run):
    sagemaker = boto3.client("sagemaker")
    of_models = copies(run, run["before"])
    name = copy_stem(run, run["before"])
    if not of_models or has_configuration(sagemaker, name):
        return
    found = sagemaker.describe_endpoint_config(EndpointConfigName=run["before"]["configuration"])
    taken = {key: found[key] for key in COPIED_FROM_CONFIGURATION if found.get(key)}
    for variant in variants_of(taken):
        variant["ModelName"] = of_models.get(variant["ModelName"], variant["ModelName"])
        for pool in variant.get("InstancePools", []):
            if pool.get("ModelNameOverride") in of_models:
                pool["ModelNameOverride"] = of_models[pool["ModelNameOverride"]]
    unless_done(
        lambda: sagemaker.create_endpoint_config(EndpointConfigName=name, **taken),
        lambda: has_configuration(sagemaker, name),
    )


def switch_configuration(run):
    move(run, wanted_configuration(run, run["before"]))


def move(run, configuration):
    sagemaker = boto3.client("sagemaker")
    # An update that goes on already, of a broken run or of somebody else, has to end first.
    endpoint = await_stable(sagemaker, run["target"])
    if endpoint["EndpointConfigName"] != configuration:
        # Weights, instance counts and data capture stay as they are, also where they were changed since the endpoint was made.
        # An endpoint that is being updated takes no second update. The step after this one looks whether it was ours.
        unless_done(
            lambda: sagemaker.update_endpoint(
                EndpointName=run["target"], EndpointConfigName=configuration, RetainAllVariantProperties=True
            ),
            lambda: changes_to(sagemaker.describe_endpoint(EndpointName=run["target"]), configuration),
        )


def is_changing(endpoint):
    return endpoint["EndpointStatus"] in ("Creating", "Updating", "SystemUpdating", "RollingBack")


def changes_to(endpoint, configuration):
    """A quick update may have ended meanwhile."""
    return is_changing(endpoint) or endpoint["EndpointConfigName"] == configuration


def await_stable(sagemaker, name):
    """The endpoint once it is no longer being changed, or as it is when the time is over."""
    deadline, pause = time.monotonic() + LONGEST_WAIT, 0.5
    while True:
        endpoint = sagemaker.describe_endpoint(EndpointName=name)
        if not is_changing(endpoint) or time.monotonic() + pause > deadline:
            return endpoint
        time.sleep(pause)
        pause = min(2 * pause, 15)


def await_configuration(run, configuration):
    endpoint = await_stable(boto3.client("sagemaker"), run["target"])
    status, current = endpoint["EndpointStatus"], endpoint["EndpointConfigName"]
    if (status, current) != ("InService", configuration):
        reason = endpoint.get("FailureReason", "SageMaker gives no reason")
        raise RuntimeError(f"the endpoint is {status} with {current}, not InService with {configuration}: {reason}")


def await_switch(run):
    await_stable(boto3.client("sagemaker"), run["target"])


def await_switch_longer(run):
    await_stable(boto3.client("sagemaker"), run["target"])


def await_switch_to_the_end(run):
    await_configuration(run, wanted_configuration(run, run["before"]))


def restore_configuration(run):
    move(run, run["before"]["configuration"])


def await_restored(run):
    await_stable(boto3.client("sagemaker"), run["target"])


def await_restored_longer(run):
    await_stable(boto3.client("sagemaker"), run["target"])


def await_restored_to_the_end(run):
    await_configuration(run, run["before"]["configuration"])


def remove_copies(run):
    sagemaker = boto3.client("sagemaker")
    stem = copy_stem(run, run["before"])
    if has_configuration(sagemaker, stem):
        unless_done(
            lambda: sagemaker.delete_endpoint_config(EndpointConfigName=stem),
            lambda: not has_configuration(sagemaker, stem),
        )
    for copy in copies(run, run["before"]).values():
        remove_model(sagemaker, copy)


def remove_model(sagemaker, name):
    if has_model(sagemaker, name):
        unless_done(lambda: sagemaker.delete_model(ModelName=name), lambda: not has_model(sagemaker, name))


def calls(run, state):
    of_models = copies(run, state)
    if not of_models:
        return []
    stem = copy_stem(run, state)
    return [
        *(
            {"call": "sagemaker:CreateModel", "on": copy, "change": f"a copy of {name} with EnableNetworkIsolation"}
            for name, copy in of_models.items()
        ),
        {
            "call": "sagemaker:CreateEndpointConfig",
            "on": stem,
            "change": f"a copy of {state['configuration']} that serves them",
        },
        {"call": "sagemaker:UpdateEndpoint", "on": run["target"], "change": f"{state['configuration']} becomes {stem}"},
    ]


def impact(run, state):
    configuration = boto3.client("sagemaker").describe_endpoint_config(EndpointConfigName=state["configuration"])
    return [
        f"the variant {variant['VariantName']} serves {variant.get('ModelName', 'inference components')}"
        + (" from new instances, without a network" if copies(run, state) else ", which has no network already")
        for variant in variants_of(configuration)
    ]
