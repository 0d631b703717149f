"""Resource types that ministack's CloudFormation lacks, or of which it silently drops properties that matter here."""

import botocore.serialize
from ministack.services import s3
from ministack.services.cloudformation import provisioners

from local_aws import agents, api_clients, plug
from local_aws.automation import documents
from local_aws.automation.errors import ApiError

resource_types = plug.table(
    provisioners, "_RESOURCE_HANDLERS", "AWS::S3::Bucket", "AWS::IAM::InstanceProfile", "AWS::Lambda::Url"
)
create_bucket = plug.take(provisioners, "_s3_create", "logical_id", "props", "stack_name")
update_bucket = plug.take(provisioners, "_s3_update", "physical_id", "old_props", "new_props", "stack_name")
delete_bucket = plug.take(provisioners, "_s3_delete", "physical_id", "props")
physical_name = plug.take(provisioners, "_physical_name")
put_object_lock = plug.take(s3, "_put_object_lock_configuration", "bucket_name", "body")
put_encryption = plug.take(s3, "_put_bucket_encryption", "name", "body")
put_versioning = plug.take(s3, "_put_bucket_versioning", "name", "body")
put_ownership = plug.take(s3, "_put_bucket_ownership_controls", "name", "body")
object_locks = plug.take(s3, "_bucket_object_lock")

# What a bucket may have: applied by ministack, applied below, and accepted without effect.
BY_MINISTACK = {
    "BucketName",
    "VersioningConfiguration",
    "PublicAccessBlockConfiguration",
    "NotificationConfiguration",
    "CorsConfiguration",
    "WebsiteConfiguration",
}
APPLIED = {"ObjectLockEnabled", "ObjectLockConfiguration", "BucketEncryption", "OwnershipControls"}
WITHOUT_EFFECT = {"LifecycleConfiguration", "LoggingConfiguration", "Tags", "MetricsConfigurations", "InventoryConfigurations"}

# Types that the local AWS only remembers: nothing of Tocsin's work rests on what they do.
REMEMBERED = (
    "AWS::GuardDuty::Detector",
    "AWS::SecurityHub::Hub",
    "AWS::CloudTrail::Trail",
    "AWS::Config::ConfigRule",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::AnomalyDetector",
    "AWS::Logs::QueryDefinition",
    "AWS::Logs::DeliverySource",
    "AWS::Logs::DeliveryDestination",
    "AWS::Logs::Delivery",
    "AWS::ResourceGroups::Group",
    "AWS::SSM::Association",
    "AWS::SNS::TopicInlinePolicy",
    "AWS::SQS::QueueInlinePolicy",
    "AWS::Budgets::Budget",
    "AWS::AccessAnalyzer::Analyzer",
)

_serializer = botocore.serialize.create_serializer("rest-xml")


def request_body(operation: str, **parameters) -> bytes:
    """The body that an SDK would send, for the functions in ministack that read it."""
    model = api_clients.model("s3").operation_model(operation)
    return _serializer.serialize_to_request({"Bucket": "bucket", **parameters}, model)["body"]


def apply(function, name: str, operation: str, **parameters) -> None:
    status, _headers, body = function(name, request_body(operation, **parameters))
    if status >= 400:
        raise ValueError(f"{operation} on `{name}`: {body!r}")


def is_true(value) -> bool:
    return str(value).lower() == "true"


def bucket_created(logical_id, properties, stack_name):
    check_known(properties)
    name, attributes = create_bucket(logical_id, properties, stack_name)
    apply_properties(name, properties)
    return name, attributes


def bucket_updated(physical_id, old, new, stack_name):
    check_known(new)
    if is_true(old.get("ObjectLockEnabled", False)) and not is_true(new.get("ObjectLockEnabled", False)):
        raise ValueError(f"Object Lock cannot be taken off the bucket `{physical_id}`")
    name, attributes = update_bucket(physical_id, old, new, stack_name)
    apply_properties(name, new)
    return name, attributes


def bucket_deleted(physical_id, properties):
    if any(True for _ in (s3._buckets.get(physical_id) or {}).get("objects", {})):
        raise ValueError(f"The bucket you tried to delete is not empty: {physical_id}")
    delete_bucket(physical_id, properties)
    object_locks.pop(physical_id, None)


def check_known(properties: dict) -> None:
    unknown = set(properties) - BY_MINISTACK - APPLIED - WITHOUT_EFFECT
    if unknown:
        raise ValueError(f"the local AWS does not know these bucket properties: {', '.join(sorted(unknown))}")


def apply_properties(name: str, properties: dict) -> None:
    if is_true(properties.get("ObjectLockEnabled", False)):
        # As on AWS, a bucket with Object Lock is versioned whether or not the template says so.
        apply(put_versioning, name, "PutBucketVersioning", VersioningConfiguration={"Status": "Enabled"})
        configuration = {"ObjectLockEnabled": "Enabled"}
        rule = ((properties.get("ObjectLockConfiguration") or {}).get("Rule") or {}).get("DefaultRetention")
        if rule:
            numbers = {key: int(rule[key]) for key in ("Days", "Years") if key in rule}
            configuration["Rule"] = {"DefaultRetention": {"Mode": rule["Mode"], **numbers}}
        apply(put_object_lock, name, "PutObjectLockConfiguration", ObjectLockConfiguration=configuration)
    if encryption := (properties.get("BucketEncryption") or {}).get("ServerSideEncryptionConfiguration"):
        rules = [encryption_rule(rule) for rule in encryption]
        apply(put_encryption, name, "PutBucketEncryption", ServerSideEncryptionConfiguration={"Rules": rules})
    if ownership := properties.get("OwnershipControls"):
        apply(put_ownership, name, "PutBucketOwnershipControls", OwnershipControls={"Rules": ownership["Rules"]})


def encryption_rule(rule: dict) -> dict:
    default = rule["ServerSideEncryptionByDefault"]
    applied = {key: default[key] for key in ("SSEAlgorithm", "KMSMasterKeyID") if key in default}
    api = {"ApplyServerSideEncryptionByDefault": applied}
    if "BucketKeyEnabled" in rule:
        api["BucketKeyEnabled"] = is_true(rule["BucketKeyEnabled"])
    return api


@plug.replaces(provisioners, "_cw_metric_alarm_record", "name", "props")
def alarm_record(original, name, properties):
    """An alarm on metric math, which ministack refuses, is kept with its actions under a metric that nobody writes."""
    if "Metrics" in properties:
        kept = {key: value for key, value in properties.items() if key != "Metrics"}
        kept = {"Namespace": "local-aws", "MetricName": "metric-math-is-not-evaluated", **kept}
        return original(name, {"Threshold": 0, "ComparisonOperator": "GreaterThanThreshold", **kept})
    return original(name, properties)


def document_created(logical_id, properties, stack_name):
    name = properties.get("Name") or physical_name(stack_name, logical_id)
    if properties.get("DocumentType") == "Command":
        return agents.put_document(name, properties["Content"]), {}
    if properties.get("DocumentType") != "Automation":
        raise ValueError("the local AWS keeps only documents of the DocumentTypes Automation and Command")
    if documents.get(name):
        raise ValueError(f"Resource of type 'AWS::SSM::Document' with identifier '{name}' already exists.")
    return put_document(name, properties)


def document_updated(physical_id, _old, new, _stack_name):
    if new.get("DocumentType") == "Command":
        return agents.put_document(physical_id, new["Content"]), {}
    known = documents.get(physical_id)
    return put_document(physical_id, new, known.version + 1 if known else 1)


def put_document(name: str, properties: dict, version: int = 1):
    try:
        documents.put(name, properties["Content"], version, properties.get("DocumentFormat", "JSON"))
    except ApiError as error:
        raise ValueError(f"{error.code}: {error.message}") from error
    return name, {}


def remembered(kind: str):
    def create(logical_id, _properties, stack_name):
        name = f"{stack_name}-{logical_id}"
        return name, {"Arn": f"arn:aws:local:::{kind.rsplit('::', 1)[-1].lower()}/{name}", "Id": name}

    return {"create": create, "delete": lambda _physical_id, _properties: None}


resource_types["AWS::S3::Bucket"] = {
    **resource_types.get("AWS::S3::Bucket", {}),
    "create": bucket_created,
    "update": bucket_updated,
    "delete": bucket_deleted,
}
resource_types["AWS::SSM::Document"] = {
    "create": document_created,
    "update": document_updated,
    "delete": lambda physical_id, _properties: documents.delete(physical_id),
}
for _kind in REMEMBERED:
    resource_types.setdefault(_kind, remembered(_kind))
