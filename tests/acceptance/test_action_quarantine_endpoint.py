"""What `quarantine-endpoint` refuses before it changes anything."""

from targets import unique
from targets.endpoint import Endpoint


class Serverless(Endpoint):
    """An endpoint without instances."""

    def variant(self, name: str) -> dict:
        instances = ("InstanceType", "InitialInstanceCount")
        kept = {key: value for key, value in super().variant(name).items() if key not in instances}
        return {**kept, "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}


def assert_refused(documents, target, reason: str) -> None:
    found = target.everything()
    run = documents.apply(target)
    assert run.status == "Failed"
    assert reason in run.failure
    assert target.everything() == found


def test_serverless_endpoint_is_refused(actions_aws, documents):
    """SageMaker has no network isolation for it: the update would fail half an hour later."""
    assert_refused(documents, Serverless(actions_aws), "serverless inference knows no network isolation")


def test_quarantined_endpoint_needs_the_state_as_found(actions_aws, documents):
    """How it was found can't be seen any more."""
    target = Endpoint(actions_aws)
    assert documents.apply(target).status == "Success"
    assert_refused(documents, target, "already contained in whole or in part")


def test_copies_of_two_endpoints_on_one_configuration_are_apart(actions_aws, documents):
    """The reversal of one must not delete what the other serves."""
    one = Endpoint(actions_aws)
    two = Endpoint(actions_aws)
    two.id, two.found_configuration = unique("ranking"), one.found_configuration
    two.client.create_endpoint(EndpointName=two.id, EndpointConfigName=one.found_configuration)
    found = two.everything()
    before = documents.apply(one).before
    assert documents.apply(two).status == "Success"
    assert documents.reverse(one, before).status == "Success"
    observed = documents.apply(two, None)
    assert "already contained" in observed.failure
    assert two.everything()["models"] == found["models"]
    assert all(model["EnableNetworkIsolation"] for model in two.everything()["serving"])


def test_update_that_sagemaker_rolls_back_is_no_containment(actions_aws, documents):
    """The endpoint is InService again, with the configuration that was found: the run fails, and says why."""
    target = Endpoint(actions_aws, image="111122223333.dkr.ecr.eu-central-1.amazonaws.com/ranking:needs-network")
    found = target.everything()
    run = documents.apply(target)
    assert run.status == "Failed"
    assert "ObserveContainment" not in run.steps
    assert "did not pass the ping health check" in run.failure
    reversed_run = documents.reverse(target, run.before)
    assert reversed_run.status == "Success", reversed_run.failure
    now = target.everything()
    now["endpoint"].pop("FailureReason")
    assert now == found
