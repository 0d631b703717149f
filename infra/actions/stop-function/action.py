import boto3
import json
import time


def observe(run):
    client = boto3.client("lambda")
    name = run["target"]
    # Without a reservation the answer has no value at all.
    reserved = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    return {"reserved_concurrency": reserved, "provisioned_concurrency": provisioned_concurrency(client, name)}


def provisioned_concurrency(client, name):
    """Qualifier -> what was asked for. What is allocated comes and goes by itself."""
    pages = client.get_paginator("list_provisioned_concurrency_configs").paginate(FunctionName=name)
    found = [one for page in pages for one in page["ProvisionedConcurrencyConfigs"]]
    return {one["FunctionArn"].rsplit(":", 1)[1]: one["RequestedProvisionedConcurrentExecutions"] for one in found}


def settled(run, state):
    return state["reserved_concurrency"] == 0


def release_provisioned_concurrency(run):
    client = boto3.client("lambda")
    name = run["target"]
    for qualifier in provisioned_concurrency(client, name):
        client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)


def stop_invocations(run):
    client = boto3.client("lambda")
    # A provisioned concurrency that was just taken away may count for some seconds more.
    for attempt in range(20):
        try:
            client.put_function_concurrency(FunctionName=run["target"], ReservedConcurrentExecutions=0)
            return
        except client.exceptions.ClientError as error:
            passing = ("InvalidParameterValueException", "ResourceConflictException")
            if attempt == 19 or error.response["Error"]["Code"] not in passing:
                raise
            time.sleep(4)


def restore_reserved_concurrency(run):
    client = boto3.client("lambda")
    recorded = run["before"]["reserved_concurrency"]
    if recorded is None:
        client.delete_function_concurrency(FunctionName=run["target"])
    else:
        client.put_function_concurrency(FunctionName=run["target"], ReservedConcurrentExecutions=recorded)


def restore_provisioned_concurrency(run):
    client = boto3.client("lambda")
    name = run["target"]
    current = provisioned_concurrency(client, name)
    for qualifier, count in run["before"]["provisioned_concurrency"].items():
        if current.get(qualifier) != count:
            client.put_provisioned_concurrency_config(
                FunctionName=name, Qualifier=qualifier, ProvisionedConcurrentExecutions=count
            )


def calls(run, state):
    name = run["target"]
    released = [
        {
            "call": "lambda:DeleteProvisionedConcurrencyConfig",
            "on": f"{name}:{qualifier}",
            "change": f"takes away the provisioned concurrency of {count}",
        }
        for qualifier, count in state["provisioned_concurrency"].items()
    ]
    found = "none" if state["reserved_concurrency"] is None else state["reserved_concurrency"]
    return [*released, {"call": "lambda:PutFunctionConcurrency", "on": name, "change": f"reserved concurrency 0, was {found}"}]


def impact(run, state):
    """What invokes the function: its URLs, its event sources, and whom its policies let in."""
    client = boto3.client("lambda")
    name = run["target"]
    aliases = [one for page in client.get_paginator("list_aliases").paginate(FunctionName=name) for one in page["Aliases"]]
    urls = [
        one
        for page in client.get_paginator("list_function_url_configs").paginate(FunctionName=name)
        for one in page["FunctionUrlConfigs"]
    ]
    sources = [
        one
        for page in client.get_paginator("list_event_source_mappings").paginate(FunctionName=name)
        for one in page["EventSourceMappings"]
    ]
    policies = [statements_of(client, name, qualifier) for qualifier in ("", *(one["Name"] for one in aliases))]
    return (
        [f"the function URL {one['FunctionUrl']} answers 429" for one in urls]
        + [
            f"{source_of(one)} is polled on, and what it holds waits, is sent to a dead-letter queue or expires"
            for one in sources
        ]
        + [f"the alias {one['Name']} is stopped as well" for one in aliases]
        + sorted({f"{json.dumps(one.get('Principal'))} may invoke it, and is throttled" for found in policies for one in found})
    )


def source_of(mapping):
    # A self-managed Kafka has no ARN.
    return mapping.get("EventSourceArn") or f"the event source mapping {mapping['UUID']}"


def statements_of(client, name, qualifier):
    try:
        policy = client.get_policy(FunctionName=name, **({"Qualifier": qualifier} if qualifier else {}))["Policy"]
    except client.exceptions.ResourceNotFoundException:
        return []
    return [one for one in json.loads(policy)["Statement"] if one.get("Effect") == "Allow"]
