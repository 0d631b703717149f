"""Where moto's SageMaker differs from AWS: what takes time there, what it drops, and the operations that it lacks."""

import time

from local_aws import plug

# How long a change of state goes on. AWS: minutes.
CHANGE_SECONDS = 0.2
# The tag of an image whose container fails without a network.
NEEDS_NETWORK = ":needs-network"


def join() -> None:
    """Called once moto is loaded, which takes most of a second."""
    from moto.sagemaker import models, responses

    backend = models.SageMakerModelBackend
    plug.replaces(backend, "describe_endpoint", "self", "endpoint_name")(describe_endpoint)
    response = responses.SageMakerResponse
    plug.replaces(response, "create_model", "self")(create_model)
    plug.replaces(response, "create_endpoint_config", "self")(create_endpoint_config)
    response.update_endpoint = update_endpoint
    plug.replaces(backend, "get_notebook_instance", "self", "notebook_instance_name")(get_notebook_instance)
    plug.replaces(backend, "start_notebook_instance", "self", "notebook_instance_name")(start_notebook_instance)
    plug.replaces(backend, "stop_notebook_instance", "self", "notebook_instance_name")(stop_notebook_instance)
    plug.replaces(response, "create_training_job", "self")(create_training_job)
    plug.replaces(backend, "describe_training_job", "self", "training_job_name")(describe_training_job)
    response.stop_training_job = stop_training_job
    plug.verify()


def refused(message: str):
    from moto.sagemaker.exceptions import ValidationError

    return ValidationError(message=message)


def create_model(original, response):
    """A name can be taken once, and network isolation is kept."""
    name, models = response._get_param("ModelName"), response.sagemaker_backend._models
    if name in models:
        raise refused(f"Cannot create already existing model '{models[name].arn}'.")
    answer = original(response)
    model = models[name]
    model.enable_network_isolation = bool(response._get_param("EnableNetworkIsolation"))
    model.execution_role_arn = response._get_param("ExecutionRoleArn")
    # moto shows an empty container where there is none.
    model.vpc_config, model.primary_container = model.vpc_config or None, model.primary_container or None
    return answer


def create_endpoint_config(original, response):
    """A name can be taken once, and shadow variants are kept."""
    name, known = response._get_param("EndpointConfigName"), response.sagemaker_backend.endpoint_configs
    if name in known:
        raise refused(f"Cannot create already existing endpoint configuration '{known[name].endpoint_config_arn}'.")
    answer = original(response)
    known[name].shadow_production_variants = response._get_param("ShadowProductionVariants")
    return answer


def describe_endpoint(original, backend, endpoint_name):
    """An update that has taken its time is done. An endpoint that captures nothing says nothing of it."""
    endpoint = backend.endpoints.get(endpoint_name)
    ready = endpoint.__dict__.get("_ready") if endpoint else None
    if ready and time.monotonic() >= ready:
        endpoint.endpoint_status, endpoint._ready = "InService", None
        if starts(backend, endpoint._next):
            endpoint.endpoint_config_name, endpoint.failure_reason = endpoint._next, None
        else:
            endpoint.failure_reason = "The container did not pass the ping health check."
    return {key: value for key, value in original(backend, endpoint_name).items() if key != "DataCaptureConfig" or value}


def starts(backend, configuration: str) -> bool:
    """AWS rolls back to a configuration whose containers start. An image with this tag does not without a network."""
    names = [variant["ModelName"] for variant in backend.describe_endpoint_config(configuration)["ProductionVariants"]]
    isolated = [model for model in map(backend.describe_model, names) if model.enable_network_isolation]
    containers = [one for model in isolated for one in (model.primary_container, *model.containers) if one]
    return not any(one.get("Image", "").endswith(NEEDS_NETWORK) for one in containers)


def update_endpoint(response):
    from moto.core.responses import ActionResult

    backend, name = response.sagemaker_backend, response._get_param("EndpointName")
    if backend.describe_endpoint(name)["EndpointStatus"] != "InService":
        raise refused(f'Cannot update in-progress endpoint "{backend.endpoints[name].arn}".')
    endpoint, wanted = backend.endpoints[name], response._get_param("EndpointConfigName")
    configuration = backend.describe_endpoint_config(wanted)
    if not response._get_param("RetainAllVariantProperties"):
        endpoint.production_variants = endpoint._process_production_variants(configuration["ProductionVariants"])
        endpoint.data_capture_config = configuration.get("DataCaptureConfig")
    endpoint.endpoint_status, endpoint._next = "Updating", wanted
    endpoint._ready = time.monotonic() + CHANGE_SECONDS
    return ActionResult({"EndpointArn": endpoint.arn})


def get_notebook_instance(original, backend, notebook_instance_name):
    """A start or a stop that has taken its time is done."""
    notebook = original(backend, notebook_instance_name)
    ready = notebook.__dict__.get("_ready")
    if ready and time.monotonic() >= ready:
        notebook.status, notebook._ready = notebook._next, None
    return notebook


def start_notebook_instance(_original, backend, notebook_instance_name):
    change_notebook(backend.get_notebook_instance(notebook_instance_name), ("Stopped", "Failed"), "Pending", "InService")


def stop_notebook_instance(_original, backend, notebook_instance_name):
    change_notebook(backend.get_notebook_instance(notebook_instance_name), ("InService",), "Stopping", "Stopped")


def change_notebook(notebook, allowed: tuple, passing: str, final: str) -> None:
    if notebook.status not in allowed:
        raise refused(
            f"Status ({notebook.status}) not in ([{', '.join(allowed)}]). Unable to transition to ({passing})"
            f" for Notebook Instance ({notebook.arn})"
        )
    notebook.status, notebook._next, notebook._ready = passing, final, time.monotonic() + CHANGE_SECONDS


def create_training_job(original, response):
    """A job goes on until it is stopped; moto's is done at once."""
    answer = original(response)
    job = response.sagemaker_backend.training_jobs[response._get_param("TrainingJobName")]
    job.training_job_status, job.secondary_status, job.training_end_time = "InProgress", "Training", None
    return answer


def describe_training_job(original, backend, training_job_name):
    job = backend.training_jobs.get(training_job_name)
    ready = job.__dict__.get("_ready") if job else None
    if ready and time.monotonic() >= ready:
        job.training_job_status = job.secondary_status = "Stopped"
        job._ready = None
    return original(backend, training_job_name)


def stop_training_job(response):
    from moto.core.responses import EmptyResult

    backend, name = response.sagemaker_backend, response._get_param("TrainingJobName")
    status = backend.describe_training_job(name)["TrainingJobStatus"]
    if status != "InProgress":
        raise refused(f"The request was rejected because the training job is in status {status}.")
    job = backend.training_jobs[name]
    job.training_job_status, job.secondary_status, job._ready = "Stopping", "Stopping", time.monotonic() + CHANGE_SECONDS
    return EmptyResult()
