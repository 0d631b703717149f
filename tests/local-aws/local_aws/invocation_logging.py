"""Bedrock's logging of model invocations: the answer has the member that the SDKs read, and none where none was set."""

from ministack.services import bedrock

from local_aws import plug
from local_aws.service_answers import answer_json

configurations = plug.take(bedrock, "_invocation_logging_config")


@plug.replaces(bedrock, "_get_logging_config")
def get(_original):
    found = configurations.get("config")
    return answer_json({"loggingConfig": found} if found else {})
