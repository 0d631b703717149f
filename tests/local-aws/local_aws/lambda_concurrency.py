"""Where ministack's Lambda differs from AWS: provisioned concurrency is listed, and limits what may be reserved."""

from ministack.core.responses import error_response_json, json_response
from ministack.services import lambda_svc

from local_aws import plug

functions = plug.take(lambda_svc, "_functions")
function_arn = plug.take(lambda_svc, "_func_arn")


def provisioned(name: str) -> dict:
    return (functions[name] if name in functions else {}).get("provisioned_concurrency") or {}


@plug.replaces(lambda_svc, "_get_provisioned_concurrency", "func_name", "qualifier")
def get_provisioned_concurrency(original, func_name, qualifier):
    """ListProvisionedConcurrencyConfigs is the same request without a qualifier."""
    if qualifier or func_name not in functions:
        return original(func_name, qualifier)
    listed = [{"FunctionArn": f"{function_arn(func_name)}:{key}", **one} for key, one in sorted(provisioned(func_name).items())]
    return json_response({"ProvisionedConcurrencyConfigs": listed})


@plug.replaces(lambda_svc, "_put_function_concurrency", "func_name", "data")
def put_function_concurrency(original, func_name, data):
    total = sum(one["RequestedProvisionedConcurrentExecutions"] for one in provisioned(func_name).values())
    if data.get("ReservedConcurrentExecutions", 0) < total:
        return error_response_json(
            "InvalidParameterValueException",
            f"ReservedConcurrentExecutions for function should not be lower than function's total provisioned concurrency [{total}].",
            400,
        )
    return original(func_name, data)
