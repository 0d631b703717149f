"""A small shop in the account: a checkout server, its role, the customers' data, and a model that must stay untouched."""

import copy
import dataclasses
import datetime
import json

from demo import places, stack

INTRUDER = "198.51.100.23"
IMAGE = "ami-12c6146b"


@dataclasses.dataclass(frozen=True)
class Shop:
    bucket: str
    models: str
    role: str
    role_id: str
    profile_arn: str
    instance: str
    vpc: str
    subnet: str
    access_key: str
    intruder: str


def open_shop(aws, name: str = "shop", intruder: str = INTRUDER) -> Shop:
    role, role_id, profile_arn = make_role(aws, f"{name}-checkout")
    vpc, subnet, instance = launch(aws, f"{name}-checkout")
    return Shop(
        bucket=store_customers(aws, f"{name}-customer-data", role),
        models=store_models(aws, f"{name}-model-artifacts"),
        role=role,
        role_id=role_id,
        profile_arn=profile_arn,
        instance=instance,
        vpc=vpc,
        subnet=subnet,
        access_key="ASIA" + f"{name.upper().replace('-', '')}EXAMPLECHECKOUT"[:16],
        intruder=intruder,
    )


def make_role(aws, name: str) -> tuple[str, str, str]:
    """A role that an instance holds through a profile of another name, as the console does not make them but teams do."""
    iam = aws.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=stack.trust("ec2.amazonaws.com"))["Role"]
    reads = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [reads]}
    iam.put_role_policy(RoleName=name, PolicyName="ReadCustomers", PolicyDocument=json.dumps(policy))
    profile = iam.create_instance_profile(InstanceProfileName=f"{name}-profile")["InstanceProfile"]
    iam.add_role_to_instance_profile(InstanceProfileName=f"{name}-profile", RoleName=name)
    return name, role["RoleId"], profile["Arn"]


def launch(aws, name: str) -> tuple[str, str, str]:
    """An instance with two interfaces under different groups, and two volumes. The network has IPv6."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
    web = make_group(ec2, vpc, f"{name}-web", 443)
    database = make_group(ec2, vpc, f"{name}-database", 5432)
    volume = {"VolumeSize": 20, "VolumeType": "gp3", "DeleteOnTermination": True}
    launched = ec2.run_instances(
        ImageId=IMAGE,
        InstanceType="m5.large",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        SecurityGroupIds=[web],
        IamInstanceProfile={"Name": f"{name}-profile"},
        BlockDeviceMappings=[{"DeviceName": device, "Ebs": volume} for device in ("/dev/sda1", "/dev/sdf")],
    )
    instance = launched["Instances"][0]["InstanceId"]
    second = ec2.create_network_interface(SubnetId=subnet, Groups=[web, database])["NetworkInterface"]["NetworkInterfaceId"]
    ec2.attach_network_interface(NetworkInterfaceId=second, InstanceId=instance, DeviceIndex=1)
    return vpc, subnet, instance


def make_group(ec2, vpc: str, name: str, port: int) -> str:
    group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp="10.0.0.0/8")
    return group


def store_customers(aws, bucket: str, role: str) -> str:
    """A bucket with a policy of its own, which a lock must keep."""
    make_bucket(aws, bucket)
    s3, resource = aws.client("s3"), f"arn:aws:s3:::{bucket}"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for part in range(3):
        rows = [{"customer": f"c-{part}{row:03}", "country": "DE" if row % 4 else "US-CA"} for row in range(20)]
        s3.put_object(Bucket=bucket, Key=f"customers/part-{part}.jsonl", Body="\n".join(map(json.dumps, rows)).encode())
    statements = [
        {
            "Sid": "Checkout",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{aws.account}:role/{role}"},
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": f"{resource}/*",
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [resource, f"{resource}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    return bucket


def store_models(aws, bucket: str) -> str:
    make_bucket(aws, bucket)
    aws.client("s3").put_object(Bucket=bucket, Key="assistant/weights.safetensors", Body=b"not really a model")
    return bucket


def make_bucket(aws, bucket: str) -> None:
    aws.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})


def leave_traces(aws, shop: Shop, now: datetime.datetime) -> None:
    """What the intruder did with the stolen session, as CloudTrail's history shows it."""
    steps = [("sts", "GetCallerIdentity", {}), ("s3", "ListBuckets", {}), ("s3", "GetBucketAcl", {"bucketName": shop.bucket})]
    steps += [("s3", "GetBucketPolicy", {"bucketName": shop.bucket}), ("iam", "ListRolePolicies", {"roleName": shop.role})]
    for number, (service, name, parameters) in enumerate(steps):
        at = now - datetime.timedelta(minutes=50 - number)
        aws.put_cloudtrail_event(trace(aws, shop, service, name, parameters, at))


def trace(aws, shop: Shop, service: str, name: str, parameters: dict, at: datetime.datetime) -> dict:
    role = f"arn:aws:iam::{aws.account}:role/{shop.role}"
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"{shop.role_id}:{shop.instance}",
            "arn": f"arn:aws:sts::{aws.account}:assumed-role/{shop.role}/{shop.instance}",
            "accountId": aws.account,
            "accessKeyId": shop.access_key,
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role, "userName": shop.role}},
        },
        "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": aws.region,
        "sourceIPAddress": shop.intruder,
        "userAgent": "aws-cli/2.17.0",
        "requestParameters": parameters,
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": aws.account,
        "eventCategory": "Management",
    }


def stolen_credentials(aws, shop: Shop, now: datetime.datetime, number: int = 0) -> dict:
    """GuardDuty's finding about this shop: the fixture, with the ids of what lies in the account."""
    detail = copy.deepcopy(json.loads(places.SAMPLE.read_text())["detail"])
    detail["id"] = f"{number:04x}{detail['id'][4:]}"
    detail["arn"] = f"{detail['arn'].rsplit('/', 1)[0]}/{detail['id']}"
    detail["accountId"], detail["region"] = aws.account, aws.region
    resource = detail["resource"]
    resource["accessKeyDetails"].update(
        accessKeyId=shop.access_key, principalId=f"{shop.role_id}:{shop.instance}", userName=shop.role
    )
    instance = resource["instanceDetails"]
    instance["instanceId"], instance["iamInstanceProfile"]["arn"] = shop.instance, shop.profile_arn
    filters = [{"Name": "attachment.instance-id", "Values": [shop.instance]}]
    found = aws.client("ec2").describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    for shown, real in zip(instance["networkInterfaces"], found, strict=True):
        shown.update(networkInterfaceId=real["NetworkInterfaceId"], subnetId=real["SubnetId"], vpcId=real["VpcId"])
        shown["securityGroups"] = [{"groupName": g["GroupName"], "groupId": g["GroupId"]} for g in real["Groups"]]
    bucket = resource["s3BucketDetails"][0]
    bucket["name"], bucket["arn"] = shop.bucket, f"arn:aws:s3:::{shop.bucket}"
    service = detail["service"]
    service["action"]["awsApiCallAction"]["remoteIpDetails"]["ipAddressV4"] = shop.intruder
    service["action"]["awsApiCallAction"]["affectedResources"] = {"AWS::S3::Bucket": shop.bucket}
    service["eventFirstSeen"] = stamp(now - datetime.timedelta(minutes=50))
    service["eventLastSeen"] = stamp(now - datetime.timedelta(minutes=5))
    detail["createdAt"] = detail["updatedAt"] = stamp(now)
    return detail


def stamp(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
