"""A company that records what it should: one resource of each main kind, with the settings, logs and histories that evidence is made of."""

import datetime
import json

from demo import stack
from targets import unique
from targets.endpoint import Endpoint
from targets.isolate_database import Database
from targets.limit_rate import WebAcl, rule
from targets.notebook import Notebook
from targets.restore_trail import OBJECTS, RestoreTrail
from targets.task import Task
from targets.training_job import TrainingJob

QUERY = "exfil.example."
FLOW = "2 444455556666 eni 10.20.1.7 203.0.113.9 443 49152 6 9 4096 1 2 ACCEPT OK"
PROMPT = "what does customer 4711 owe"
WRITTEN = "GET /basket/4711 from 203.0.113.9"
HOLDS = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}
MAY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


class Company:
    """`aws` is the place that all of it is in."""

    def __init__(self, aws):
        self.aws, self.now = aws, datetime.datetime.now(datetime.UTC)
        self.arns: dict[str, str] = {}
        self.principals()
        self.network()
        self.bucket()
        self.programs()
        self.container()
        self.data()
        self.models()
        self.records()

    def arn(self, service: str, resource: str, region: bool = True) -> str:
        return f"arn:aws:{service}:{self.aws.region if region else ''}:{self.aws.account}:{resource}"

    def principals(self) -> None:
        iam, self.role, self.user = self.aws.client("iam"), unique("checkout"), unique("ada")
        iam.create_role(RoleName=self.role, AssumeRolePolicyDocument=stack.trust("ec2.amazonaws.com"))
        iam.put_role_policy(RoleName=self.role, PolicyName="ReadCustomers", PolicyDocument=json.dumps(MAY))
        policy = iam.create_policy(PolicyName=unique("shop"), PolicyDocument=json.dumps(MAY))["Policy"]["Arn"]
        iam.attach_role_policy(RoleName=self.role, PolicyArn=policy)
        iam.create_user(UserName=self.user)
        iam.attach_user_policy(UserName=self.user, PolicyArn=policy)
        self.key = iam.create_access_key(UserName=self.user)["AccessKey"]["AccessKeyId"]
        self.arns |= {"role": self.arn("iam", f"role/{self.role}", False), "user": self.arn("iam", f"user/{self.user}", False)}

    def network(self) -> None:
        """An instance whose flows and queries are logged."""
        ec2, logs, resolver = self.aws.client("ec2"), self.aws.client("logs"), self.aws.client("route53resolver")
        vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
        volume = {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8}}
        machine = {"ImageId": "ami-12c6146b", "MinCount": 1, "MaxCount": 1, "SubnetId": subnet, "UserData": "#!/bin/sh\necho shop\n"}
        (launched,) = ec2.run_instances(**machine, BlockDeviceMappings=[volume])["Instances"]
        self.instance = launched["InstanceId"]
        self.interface = launched["NetworkInterfaces"][0]["NetworkInterfaceId"]
        self.flow_group, self.query_group = f"/{unique('flows')}", f"/{unique('queries')}"
        for group in (self.flow_group, self.query_group):
            logs.create_log_group(logGroupName=group)
        # Shorter than the window that evidence is read from.
        logs.put_retention_policy(logGroupName=self.flow_group, retentionInDays=1)
        flow = {"ResourceIds": [vpc], "ResourceType": "VPC", "TrafficType": "ALL", "LogGroupName": self.flow_group}
        ec2.create_flow_logs(**flow, DeliverLogsPermissionArn=self.arn("iam", f"role/{self.role}", False))
        self.log(self.flow_group, f"{self.interface}-all", FLOW)
        config = resolver.create_resolver_query_log_config(
            Name=unique("queries"), CreatorRequestId=unique("q"), DestinationArn=self.arn("logs", f"log-group:{self.query_group}")
        )["ResolverQueryLogConfig"]["Id"]
        resolver.associate_resolver_query_log_config(ResolverQueryLogConfigId=config, ResourceId=vpc)
        address = launched["NetworkInterfaces"][0]["PrivateIpAddress"]
        self.log(self.query_group, vpc, json.dumps({"query_name": QUERY, "srcaddr": address}))
        self.arns["instance"] = self.arn("ec2", f"instance/{self.instance}")

    def log(self, group: str, stream: str, message: str) -> None:
        logs = self.aws.client("logs")
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        event = {"timestamp": int(self.now.timestamp() * 1000), "message": message}
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])

    def bucket(self) -> None:
        s3, self.name = self.aws.client("s3"), unique("customers")
        s3.create_bucket(Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": self.aws.region})
        s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps(HOLDS))
        s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})
        logging = {"TargetBucket": self.name, "TargetPrefix": "access/"}
        s3.put_bucket_logging(Bucket=self.name, BucketLoggingStatus={"LoggingEnabled": logging})
        s3.put_object(Bucket=self.name, Key="orders/ü 1.csv", Body=b"ada,4711")
        s3.put_object(Bucket=self.name, Key=f"access/{self.now:%Y-%m-%d}-00-00-00-0A1B", Body=b"-")
        finding = {"id": unique("macie"), "updatedAt": "2026-01-01T00:00:00Z", "resourcesAffected": {"s3Bucket": {"name": self.name}}}
        self.macie = finding["id"]
        place = {"account": self.aws.account, "region": self.aws.region}
        self.aws.put_macie_finding(finding, **place)
        self.aws.put_access_analyzer_finding({"id": unique("open"), "resource": f"arn:aws:s3:::{self.name}"}, **place)
        for days, status in ((30, "ResourceDiscovered"), (1, "OK")):
            at = (self.now - datetime.timedelta(days=days)).isoformat()
            item = {"resourceType": "AWS::S3::Bucket", "resourceId": self.name, "resourceName": self.name}
            item |= {"configurationItemStatus": status, "configurationItemCaptureTime": at}
            self.aws.put_configuration_item(item, **place)
        self.arns |= {"bucket": f"arn:aws:s3:::{self.name}", "object": f"arn:aws:s3:::{self.name}/orders/ü 1.csv"}

    def programs(self) -> None:
        functions, self.function = self.aws.client("lambda"), unique("price")
        code, role = {"ZipFile": b"PK\x05\x06" + b"\0" * 18}, self.arn("iam", f"role/{self.role}", False)
        functions.create_function(FunctionName=self.function, Runtime="python3.11", Handler="a.b", Role=role, Code=code)
        anyone = {"StatementId": "anyone", "Action": "lambda:InvokeFunction", "Principal": "*"}
        functions.add_permission(FunctionName=self.function, **anyone)
        self.task = Task(self.aws)
        self.arns |= {
            "function": self.arn("lambda", f"function:{self.function}"),
            "task": self.arn("ecs", f"task/{self.task.id}"),
            "cluster": self.arn("ecs", f"cluster/{self.task.cluster}"),
        }

    def container(self) -> None:
        """One of the containers of a task, of which a finding knows the id that its runtime gave it."""
        ecs, group = self.aws.client("ecs"), f"/{unique('fraud')}"
        logged = {"logDriver": "awslogs", "options": {"awslogs-group": group, "awslogs-stream-prefix": "shop"}}
        containers = [{"name": name, "image": f"{name}:7", "memory": 128, "logConfiguration": logged} for name in ("score", "proxy")]
        cluster, self.family = unique("fraud"), unique("fraud")
        ecs.create_cluster(clusterName=cluster)
        definition = ecs.register_task_definition(family=self.family, containerDefinitions=containers)
        (task,) = ecs.run_task(cluster=cluster, taskDefinition=definition["taskDefinition"]["taskDefinitionArn"])["tasks"]
        (self.runtime_id,) = [one["runtimeId"] for one in task["containers"] if one["name"] == "score"]
        self.aws.client("logs").create_log_group(logGroupName=group)
        self.log(group, f"shop/score/{task['taskArn'].rsplit('/', 1)[1]}", WRITTEN)
        self.log(group, "shop/score/0123456789abcdef0123456789abcdef", "what another task wrote")

    def data(self) -> None:
        self.database = Database(self.aws, public=True)
        tables, self.table = self.aws.client("dynamodb"), unique("carts")
        key = {"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "id", "AttributeType": "S"}
        tables.create_table(TableName=self.table, KeySchema=[key[0]], AttributeDefinitions=[key[1]], BillingMode="PAY_PER_REQUEST")
        secrets = self.aws.client("secretsmanager")
        self.secret_value = unique("never-read")
        secret = secrets.create_secret(Name=unique("psp"), SecretString=self.secret_value)["ARN"]
        keys = self.aws.client("kms")
        self.kms_key = keys.create_key()["KeyMetadata"]
        grantee = self.arn("iam", f"role/{self.role}", False)
        self.grant = keys.create_grant(KeyId=self.kms_key["KeyId"], GranteePrincipal=grantee, Operations=["Decrypt"])["GrantId"]
        volume = self.aws.client("ec2").create_volume(Size=1, AvailabilityZone=f"{self.aws.region}a")["VolumeId"]
        snapshot = self.aws.client("ec2").create_snapshot(VolumeId=volume)["SnapshotId"]
        group = {"Attribute": "createVolumePermission", "OperationType": "add", "GroupNames": ["all"]}
        self.aws.client("ec2").modify_snapshot_attribute(SnapshotId=snapshot, **group)
        self.arns |= {
            "database": self.arn("rds", f"db:{self.database.id}"),
            "table": self.arn("dynamodb", f"table/{self.table}"),
            "secret": secret,
            "key": self.kms_key["Arn"],
            "snapshot": f"arn:aws:ec2:{self.aws.region}::snapshot/{snapshot}",
        }

    def models(self) -> None:
        """An endpoint whose requests are captured, and prompts that are logged."""
        s3, bucket = self.aws.client("s3"), unique("captured")
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": self.aws.region})
        modes = [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]
        capture = {"EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": f"s3://{bucket}/asked", "CaptureOptions": modes}
        self.endpoint = Endpoint(self.aws, capture=capture)
        folder = f"asked/{self.endpoint.id}/live-0"
        self.captured = [f"{folder}/{self.now:%Y/%m/%d/%H}/a.jsonl"]
        # From before the window.
        s3.put_object(Bucket=bucket, Key=f"{folder}/2020/01/01/00/old.jsonl", Body=b"{}")
        for key in self.captured:
            s3.put_object(Bucket=bucket, Key=key, Body=b'{"captureData": {}}')
        group = unique("/bedrock/calls")
        self.aws.client("logs").create_log_group(logGroupName=group)
        logging = {"cloudWatchConfig": {"logGroupName": group, "roleArn": self.arn("iam", f"role/{self.role}", False)}, "textDataDeliveryEnabled": True}
        self.aws.client("bedrock").put_model_invocation_logging_configuration(loggingConfig=logging)
        self.log(group, "aws/bedrock/modelinvocations", json.dumps({"input": PROMPT}))
        self.notebook, self.training = Notebook(self.aws, lifecycle=True), TrainingJob(self.aws)
        self.model = self.aws.client("sagemaker").describe_endpoint_config(EndpointConfigName=self.endpoint.found_configuration)[
            "ProductionVariants"
        ][0]["ModelName"]
        self.arns |= {
            "notebook": self.arn("sagemaker", f"notebook-instance/{self.notebook.id}"),
            "training-job": self.arn("sagemaker", f"training-job/{self.training.id}"),
            "model": self.arn("sagemaker", f"model/{self.model}"),
        }
        self.acl = WebAcl(self.aws, rules=[rule("bots", 0)])
        acl = self.acl.waf.get_web_acl(**self.acl.place)["WebACL"]["ARN"]
        self.arns |= {"endpoint": self.arn("sagemaker", f"endpoint/{self.endpoint.id}"), "web-acl": acl}

    def records(self) -> None:
        """A trail that records objects, and a recorder that runs."""
        self.trail = RestoreTrail(self.aws, selectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [OBJECTS]}], logging=True)
        config, role = self.aws.client("config"), self.arn("iam", f"role/{self.role}", False)
        config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role})
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": self.name})
        config.start_configuration_recorder(ConfigurationRecorderName="default")
        self.arns["trail"] = self.arn("cloudtrail", f"trail/{self.trail.name}")

    def finding(self, identity: str) -> dict:
        """Of a scanner of the company's own: it names everything, and no action is right without a look."""
        moment = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        named = [{"Type": "Other", "Id": arn} for arn in self.arns.values()]
        named.append({"Type": "AwsIamAccessKey", "Id": self.key})
        named.append({"Type": "Container", "Id": self.runtime_id})
        return {
            "SchemaVersion": "2018-10-08",
            "Id": identity,
            "ProductArn": self.arn("securityhub", f"product/{self.aws.account}/default"),
            "GeneratorId": "own-scanner",
            "AwsAccountId": self.aws.account,
            "Region": self.aws.region,
            "Types": ["TTPs/Discovery"],
            "CreatedAt": moment,
            "UpdatedAt": moment,
            "Severity": {"Label": "HIGH"},
            "Title": "Everything at once",
            "Description": "A finding that names one resource of each kind.",
            "Resources": [resource | {"Partition": "aws", "Region": self.aws.region} for resource in named],
            "Workflow": {"Status": "NEW"},
            "RecordState": "ACTIVE",
        }
