"""A Lambda function with a version, an alias, a URL and a queue behind it."""

import io
import json
import zipfile

from botocore.exceptions import ClientError

from targets import Target, trust, unique, without

PASSING = ("AllocatedProvisionedConcurrentExecutions", "AvailableProvisionedConcurrentExecutions", "LastModified", "Status")

# A function is made in the background.
STATES = ("State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode")


def package() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("index.py", "def handler(event, context):\n    return {}\n")
    return data.getvalue()


class Function(Target):
    """A function, with what is reserved for it and provisioned."""

    action = "stop-function"
    kinds = {
        "with everything": {"reserved": 10, "provisioned": 3, "invoked": True},
        "bare": {},
        "stopped before": {"reserved": 0},
    }

    def __init__(self, aws, reserved=None, provisioned=0, invoked=False):
        self.client, self.id = aws.client("lambda"), unique("checkout")
        role = aws.client("iam").create_role(
            RoleName=unique("checkout"), AssumeRolePolicyDocument=trust("lambda.amazonaws.com")
        )
        self.client.create_function(
            FunctionName=self.id,
            Runtime="python3.11",
            Handler="index.handler",
            Role=role["Role"]["Arn"],
            Code={"ZipFile": package()},
        )
        version = self.client.publish_version(FunctionName=self.id)["Version"]
        self.client.create_alias(FunctionName=self.id, Name="live", FunctionVersion=version)
        if reserved is not None:
            self.client.put_function_concurrency(FunctionName=self.id, ReservedConcurrentExecutions=reserved)
        if provisioned:
            self.client.put_provisioned_concurrency_config(
                FunctionName=self.id, Qualifier="live", ProvisionedConcurrentExecutions=provisioned
            )
        if invoked:
            self.be_invoked(aws)

    def be_invoked(self, aws) -> None:
        self.client.create_function_url_config(FunctionName=self.id, AuthType="AWS_IAM")
        sqs = aws.client("sqs")
        queue = sqs.create_queue(QueueName=unique("orders"))["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.client.create_event_source_mapping(FunctionName=self.id, EventSourceArn=arn)
        self.client.add_permission(
            FunctionName=self.id,
            Qualifier="live",
            StatementId="Shop",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
        )

    def everything(self) -> dict:
        name = self.id
        found = self.client.get_function(FunctionName=name)
        listed = self.client.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"]
        mappings = self.client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        return {
            "configuration": without(found["Configuration"], *STATES),
            "reserved": found.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
            "provisioned": [without(one, *PASSING) for one in listed],
            "mappings": [without(one, "LastProcessingResult") for one in mappings],
            "urls": self.client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"],
            "aliases": self.client.list_aliases(FunctionName=name)["Aliases"],
            "policy": self.policy(),
        }

    def policy(self) -> dict | None:
        try:
            return json.loads(self.client.get_policy(FunctionName=self.id, Qualifier="live")["Policy"])
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ResourceNotFoundException"
            return None

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert (now["reserved"], now["provisioned"]) == (0, [])
        assert without(now, "reserved", "provisioned") == without(found, "reserved", "provisioned")
        assert observation == {"target": self.id, "reserved_concurrency": 0, "provisioned_concurrency": {}}
