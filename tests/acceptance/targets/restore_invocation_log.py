"""The logging of Bedrock's model invocations, deleted or led elsewhere."""

from targets import Target, unique

ROLE = "arn:aws:iam::111122223333:role/bedrock-writes-its-log"
KINDS_OF_DATA = {"textDataDeliveryEnabled": True, "imageDataDeliveryEnabled": True, "embeddingDataDeliveryEnabled": True}
TEXT_ALONE = {"textDataDeliveryEnabled": True, "imageDataDeliveryEnabled": False, "embeddingDataDeliveryEnabled": False}
ELSEWHERE = {"s3Config": {"bucketName": "somebody-elses", "keyPrefix": "loot"}, **TEXT_ALONE}
TO_A_GROUP = {"cloudWatchConfig": {"logGroupName": "/bedrock", "roleArn": ROLE}, **KINDS_OF_DATA}


class RestoreInvocationLog(Target):
    action = "restore-invocation-log"
    kinds = {
        "led elsewhere": {"found": ELSEWHERE, "bucket": True, "prefix": "invocations", "group": True},
        "deleted": {"bucket": True},
        "from a log group to a bucket": {"found": TO_A_GROUP, "bucket": True, "data_kinds": ["text"]},
        "deleted, wanted in a log group": {"group": True, "large": True},
        "never touched": {"bucket": True, "is_as_wanted": True},
    }

    def __init__(self, aws, found=None, bucket=False, prefix="", group=False, large=False, data_kinds=(), is_as_wanted=False):
        self.bedrock, self.id, self.parameters = aws.client("bedrock"), f"{aws.account}:{aws.region}", {}
        self.expected = dict(TEXT_ALONE if data_kinds else KINDS_OF_DATA)
        if bucket:
            name = self.make_bucket(aws)
            self.parameters |= {"BucketName": name} | ({"KeyPrefix": prefix} if prefix else {})
            self.expected["s3Config"] = {"bucketName": name} | ({"keyPrefix": prefix} if prefix else {})
        if group:
            name = f"/{unique('bedrock')}"
            aws.client("logs").create_log_group(logGroupName=name)
            self.parameters |= {"LogGroupName": name, "RoleArn": ROLE}
            self.expected["cloudWatchConfig"] = {"logGroupName": name, "roleArn": ROLE}
        if large:
            name = self.make_bucket(aws)
            self.parameters["LargeDataBucketName"] = name
            self.expected["cloudWatchConfig"]["largeDataDeliveryS3Config"] = {"bucketName": name}
        if data_kinds:
            self.parameters["DataKinds"] = list(data_kinds)
        self.found = self.expected if is_as_wanted else found
        self.put(self.found)

    def make_bucket(self, aws) -> str:
        name = unique("bedrock-log")
        aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.region})
        return name

    def put(self, configuration: dict | None) -> None:
        self.bedrock.delete_model_invocation_logging_configuration()
        if configuration:
            self.bedrock.put_model_invocation_logging_configuration(loggingConfig=configuration)

    def everything(self) -> dict:
        return {"logging": self.bedrock.get_model_invocation_logging_configuration().get("loggingConfig")}

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()["logging"]
        assert now == self.expected
        assert (observation["target"], observation["configuration"]) == (self.id, now)
        assert all(one in observation["settings"] for one in observation["wanted"])
        assert observation["destinations"]
        assert all(one["usable"] for one in observation["destinations"])
