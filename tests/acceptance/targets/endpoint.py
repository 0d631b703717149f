"""A SageMaker endpoint with its configuration and models."""

from targets import Target, trust, unique, without

TIMES = ("CreationTime", "LastModifiedTime", "ResponseMetadata")
IMAGE = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/ranking:4"
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://ranking-capture/requests",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
}
VARIANTS = ("ProductionVariants", "ShadowProductionVariants")


def models_of(configuration: dict) -> list[str]:
    return [variant["ModelName"] for key in VARIANTS for variant in configuration.get(key, [])]


class Endpoint(Target):
    """An endpoint that ranks products, with two variants and a shadow where asked for."""

    action = "quarantine-endpoint"
    kinds = {
        "with everything": {"variants": 2, "shadow": True, "capture": CAPTURE},
        "one model": {"variants": 1},
        "pipeline": {"variants": 1, "containers": 2},
        "isolated before": {"variants": 1, "isolated": True},
    }

    def __init__(self, aws, variants=1, shadow=False, capture=None, containers=1, isolated=False, image=IMAGE):
        self.client, self.id, self.isolated = aws.client("sagemaker"), unique("ranking"), isolated
        role = aws.client("iam").create_role(
            RoleName=unique("ranking"), AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com")
        )
        self.role, self.containers, self.image = role["Role"]["Arn"], containers, image
        self.found_configuration = unique("ranking-config")
        self.client.create_endpoint_config(
            EndpointConfigName=self.found_configuration,
            ProductionVariants=[self.variant(f"live-{number}") for number in range(variants)],
            **({"ShadowProductionVariants": [self.variant("shadow")]} if shadow else {}),
            **({"DataCaptureConfig": capture} if capture else {}),
        )
        self.client.create_endpoint(EndpointName=self.id, EndpointConfigName=self.found_configuration)

    def variant(self, name: str) -> dict:
        model = unique("ranking-model")
        containers = [
            {
                "ContainerHostname": f"step-{number}",
                "Image": self.image,
                "ModelDataUrl": f"s3://ranking-models/{model}/{number}.tar.gz",
                "Environment": {"LEVEL": "info"},
            }
            for number in range(self.containers)
        ]
        given = {"PrimaryContainer": containers[0]} if self.containers == 1 else {"Containers": containers}
        self.client.create_model(ModelName=model, ExecutionRoleArn=self.role, EnableNetworkIsolation=self.isolated, **given)
        return {
            "VariantName": name,
            "ModelName": model,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 2,
            "InitialVariantWeight": 1.0,
        }

    def configuration(self, name: str) -> dict:
        return without(self.client.describe_endpoint_config(EndpointConfigName=name), *TIMES)

    def model(self, name: str) -> dict:
        return without(self.client.describe_model(ModelName=name), *TIMES)

    def everything(self) -> dict:
        endpoint = without(self.client.describe_endpoint(EndpointName=self.id), *TIMES)
        found = self.configuration(self.found_configuration)
        ours = models_of(found)
        current = self.configuration(endpoint["EndpointConfigName"])
        serving = models_of(current)
        return {
            "endpoint": endpoint,
            "found": found,
            "models": [self.model(name) for name in ours],
            "current": current,
            "serving": [self.model(name) for name in serving],
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert now["endpoint"]["EndpointStatus"] == "InService"
        assert without(now["endpoint"], "EndpointConfigName") == without(found["endpoint"], "EndpointConfigName")
        assert (now["found"], now["models"]) == (found["found"], found["models"])
        names = ("ModelName", "ModelArn", "EnableNetworkIsolation")
        assert [without(one, *names) for one in now["serving"]] == [without(one, *names) for one in found["models"]]
        assert all(one["EnableNetworkIsolation"] for one in now["serving"])
        if self.isolated:
            assert now == found
        else:
            assert now["current"]["EndpointConfigName"].startswith("tocsin-quarantine-")
            self.assert_same_variants(now["current"], now["found"])
        capture = now["endpoint"].get("DataCaptureConfig")
        assert observation == {
            "target": self.id,
            "configuration": now["current"]["EndpointConfigName"],
            "status": "InService",
            "models": {one["ModelName"]: {"isolated": True} for one in now["serving"]},
            "data_capture": {"enabled": True, "destination": capture["DestinationS3Uri"]} if capture else None,
        }

    def assert_same_variants(self, current: dict, found: dict) -> None:
        names = ("EndpointConfigName", "EndpointConfigArn")
        assert without(current, *names, *VARIANTS) == without(found, *names, *VARIANTS)
        for key in VARIANTS:
            assert [without(one, "ModelName") for one in current.get(key, [])] == [
                without(one, "ModelName") for one in found.get(key, [])
            ]
