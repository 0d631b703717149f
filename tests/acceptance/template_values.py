"""What the intrinsics of a template come to, as far as that is known before it is deployed; the rest is `*`."""

import re

# What `Fn::GetAtt: [X, Arn]` is, by type; `Ref` is the name, or the ARN for the types below.
_ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:*:*:table/{}",
    "AWS::SQS::Queue": "arn:aws:sqs:*:*:{}",
    "AWS::SNS::Topic": "arn:aws:sns:*:*:{}",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::Lambda::Function": "arn:aws:lambda:*:*:function:{}",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:*:*:stateMachine:{}",
    "AWS::IAM::Role": "arn:aws:iam::*:role/{}",
    "AWS::KMS::Key": "arn:aws:kms:*:*:key/*",
    "AWS::Logs::LogGroup": "arn:aws:logs:*:*:log-group:{}:*",
}
_NAMES = ("TableName", "QueueName", "TopicName", "BucketName", "FunctionName", "StateMachineName", "RoleName", "LogGroupName")
_REF_IS_ARN = {"AWS::SNS::Topic", "AWS::StepFunctions::StateMachine"}
_PLACEHOLDER = re.compile(r"\$\{([^}!]+)\}")


class Values:
    """The values of one template; region and account stay open, so that one comparison serves every deployment."""

    def __init__(self, template: dict, parameters: dict):
        self.resources: dict[str, dict] = template["Resources"]
        declared = template.get("Parameters", {})
        defaults = {name: str(body["Default"]) for name, body in declared.items() if "Default" in body}
        self.parameters = {**defaults, **parameters}
        self.declared = set(declared)

    def text(self, value) -> str:
        """The value as text, with `*` for what is not known."""
        if isinstance(value, dict):
            if "Ref" in value:
                return self.ref(value["Ref"])
            if "Fn::GetAtt" in value:
                target = value["Fn::GetAtt"]
                return self.attribute(*(target if isinstance(target, list) else target.split(".", 1)))
            if "Fn::Sub" in value:
                return self.substituted(value["Fn::Sub"])
            return "*"
        return str(value)

    def ref(self, name: str) -> str:
        if name == "AWS::Partition":
            return "aws"
        if name in self.declared:
            return self.parameters.get(name, "*")
        resource = self.resources.get(name)
        if resource is None:
            return "*"
        return self.arn_of(name) if resource["Type"] in _REF_IS_ARN else self.name_of(name)

    def attribute(self, logical_id: str, attribute: str) -> str:
        return self.arn_of(logical_id) if attribute == "Arn" and logical_id in self.resources else "*"

    def substituted(self, value) -> str:
        text, given = (value[0], value[1]) if isinstance(value, list) else (value, {})

        def filled(found: re.Match) -> str:
            name = found.group(1)
            if name in given:
                return self.text(given[name])
            return self.attribute(*name.split(".", 1)) if "." in name else self.ref(name)

        return _PLACEHOLDER.sub(filled, text)

    def name_of(self, logical_id: str) -> str:
        properties = self.resources[logical_id].get("Properties", {})
        for name in _NAMES:
            if name in properties:
                return self.text(properties[name])
        # CloudFormation makes a name of the stack, the logical id and a random end; a bucket's is in lower case.
        lower = self.resources[logical_id]["Type"] == "AWS::S3::Bucket"
        return f"*{logical_id.lower() if lower else logical_id}*"

    def arn_of(self, logical_id: str) -> str:
        return _ARNS.get(self.resources[logical_id]["Type"], "*").format(self.name_of(logical_id))

    def logical_id_of(self, value) -> str:
        """The resource that a `Ref` or `Fn::GetAtt` points at."""
        if "Ref" in value:
            return value["Ref"]
        target = value["Fn::GetAtt"]
        return target[0] if isinstance(target, list) else target.split(".", 1)[0]
