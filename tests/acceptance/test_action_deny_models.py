"""What holds for the denial of models alone: which roles it refuses, which models it takes, and what the preview says."""

import pytest
from botocore.exceptions import ClientError
from targets.model_caller import ModelCaller


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/aws-service-role/bedrock.amazonaws.com/", "is a service-linked role"),
        ("/aws-reserved/sso.amazonaws.com/", "belongs to IAM Identity Center"),
    ],
)
def test_role_of_aws_is_refused_before_any_change(actions_aws, documents, path, reason):
    target = ModelCaller(actions_aws, path=path)
    found = target.everything()
    run = documents.apply(target)
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert reason in run.failure
    assert target.everything() == found


def test_denied_role_is_not_recorded_as_found(actions_aws, documents):
    target = ModelCaller(actions_aws)
    documents.apply(target)
    run = documents.apply(target)
    assert (run.status, run.steps) == ("Failed", ["RecordBefore"])
    assert "pass the before-state that the first run recorded as Before" in run.failure


@pytest.mark.parametrize("model", ["claude", "arn:aws:s3:::models", "arn:aws:bedrock:eu-central-1::*"])
def test_models_are_named_by_their_arn(actions_aws, documents, model):
    target = ModelCaller(actions_aws, models=[model])
    with pytest.raises(ClientError):
        documents.apply(target)


def test_preview_names_the_function(actions_aws, documents):
    target = ModelCaller(actions_aws)
    impact = documents.preview(target).output("PreviewContainment.Impact")
    assert f"the Lambda function {target.function} gets no answer from the models" in impact
