"""Every call of every source of evidence is one that AWS understands, changes nothing, and gives out no secret."""

import copy

import evidence_calls
import iam_reference
import pytest
from automation_runs import render
from evidence_calls import Source, services, sources
from local_aws.iam_actions import actions_of
from local_aws.operations import Operation

import callers
import evidence_reader

@pytest.mark.parametrize("name", services())
def test_service_is_asked_as_its_model_says(name):
    assert evidence_calls.service_faults(name, services()[name]) == []


@pytest.mark.parametrize("name", sources())
def test_calls_are_ones_that_aws_understands(name):
    faults = evidence_calls.source_faults(sources()[name])
    assert faults == [], "\n".join(faults)


def test_every_service_is_asked():
    asked = {call["service"] for source in sources().values() for call in source.calls}
    assert set(services()) == asked


def test_every_kind_of_own_resource_has_a_source():
    asked = {kind for source in sources().values() for kind in source.spec.get("about", [])}
    without = {kind for kind, own in evidence_calls.kinds().items() if own} - asked
    assert without == set()


def test_role_may_make_these_calls_and_no_others():
    wanted = {evidence_calls.action_of(call) for source in sources().values() for call in source.calls}
    given = [action for statement in evidence_reader.statements() for action in statement["Action"]]
    assert sorted(given) == sorted(wanted)


@pytest.mark.parametrize("name", sources())
def test_local_aws_asks_for_the_same_permissions(name):
    """Its record of calls is what policies are compared with."""
    for call in sources()[name].calls:
        scope = services()[call["service"]].get("signing", call["service"])
        seen = actions_of(Operation(scope, call["service"], call["operation"], {}), {}, {}, b"")
        assert seen == [evidence_calls.action_of(call)], call["name"]


def test_every_permission_is_limited_where_aws_knows_resources():
    without = {action for action in evidence_reader.actions() if not iam_reference.kinds_of(action, iam_reference.entry_of(action))}
    assert evidence_reader.without_resources() == without


def test_aws_understands_the_role():
    found = callers.of_function("preserve-evidence", callers.statements(render.actions())["preserve-evidence"])
    assert iam_reference.check({"Resources": found}) == []


CALL = {
    "name": "groups",
    "service": "ec2",
    "operation": "DescribeSecurityGroups",
    "with": {"GroupId.1": "{each}"},
    "each": "instance:/reservationSet/item/*/instancesSet/item/*/networkInterfaceSet/item/*/groupSet/item/*/groupId",
    "pages": {"NextToken": "/nextToken"},
}
INSTANCE = {
    "name": "instance",
    "service": "ec2",
    "operation": "DescribeInstances",
    "with": {"InstanceId.1": "{subject}"},
    "pages": {"NextToken": "/nextToken"},
}
SPEC = {"title": "t", "about": ["instance"], "volatility": 20, "call": [INSTANCE, CALL]}
POLICY = {"name": "p", "service": "s3", "operation": "GetBucketPolicy", "path": "/{subject}", "with": {"policy": ""}, "body": "json"}
BUCKETS = {
    "name": "b",
    "service": "macie2",
    "operation": "DescribeBuckets",
    "method": "POST",
    "path": "/datasources/s3",
    "with": {"criteria": {"bucketName": {"eq": ["{subject}"]}}},
    "pages": {"nextToken": "/nextToken"},
}
LOOKUP = {
    "name": "l",
    "service": "cloudtrail",
    "operation": "LookupEvents",
    "with": {"LookupAttributes": [{"AttributeKey": "Username", "AttributeValue": "{subject}"}], "StartTime": "#{from.seconds}"},
    "pages": {"NextToken": "/NextToken"},
}
TABLE = {"name": "t", "service": "dynamodb", "operation": "DescribeTable", "with": {"TableName": "{subject}"}}


def faults_of(*calls, **spec):
    return evidence_calls.source_faults(Source("planted", {**SPEC, "call": list(copy.deepcopy(calls)), **spec}))


def test_calls_that_fit_are_passed():
    assert faults_of(INSTANCE, CALL, POLICY, BUCKETS, LOOKUP, TABLE) == []


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([INSTANCE | {"operation": "DescribeInstance"}], "instance: there is no `ec2:DescribeInstance`"),
        ([INSTANCE | {"with": {"InstanceIds.1": "{subject}"}}], "instance: `InstanceIds.1` is no parameter"),
        ([INSTANCE | {"with": {"Filter.1.Value": "{subject}"}}], "instance: `Filter.1.Value` is a list, written out member by member"),
        ([INSTANCE | {"with": {}, "operation": "GetConsoleOutput", "pages": {}}], "instance: `InstanceId` is required"),
        ([INSTANCE | {"pages": {}}], "instance: AWS answers it in pages"),
        ([INSTANCE | {"pages": {"NextToken": "/NextToken"}}], "instance: `NextToken` of `/NextToken` is not in the answer"),
        ([INSTANCE | {"pages": {"Token": "/nextToken"}}], "instance: `Token` is no parameter to go on with"),
        ([INSTANCE | {"path": "/x"}], "instance: `path` is for REST services"),
        ([INSTANCE | {"action": "ec2:DescribeInstancez"}], "instance: there is no action `ec2:DescribeInstancez`"),
        ([INSTANCE | {"action": "ec2:StopInstances"}], "instance: `ec2:StopInstances` is of level Write"),
        ([INSTANCE | {"action": "secretsmanager:GetSecretValue"}], "instance: `secretsmanager:GetSecretValue` gives out secrets, data or costs"),
        ([INSTANCE | {"wiht": {}}], "instance: `wiht` is no field"),
        ([INSTANCE | {"with": {"InstanceId.1": "{subjct}"}}], "instance: `{subjct}` means nothing"),
        ([INSTANCE | {"with": {"InstanceId.1": "{ $.id = {subject} }"}}], "instance: a brace of `{ $.id = {subject} }` belongs to no template"),
        ([INSTANCE | {"with": {"InstanceId.1": "{subject|id}"}}], "instance: there is no filter `id`"),
        ([INSTANCE | {"about": ["bucket"]}], "instance: it is about bucket, which its source is not"),
        ([INSTANCE, INSTANCE], "instance: there are two of this name for one kind"),
        ([CALL], "groups: no earlier call of these kinds is named `instance`"),
        (
            [INSTANCE, CALL | {"each": "instance:/reservationSet/*/instancesSet/*/imageId"}],
            "groups: `*` of `/reservationSet/*/instancesSet/*/imageId` is not in the answer",
        ),
        ([INSTANCE, CALL | {"each": "instance:/reservationSet/item/*"}], "groups: `{each}` is no text"),
        ([INSTANCE, CALL | {"with": {"GroupId.1": "{each:/groupId}"}, "each": "instance:/reservationSet/item/*"}], "groups: `groupId` of `{each:/groupId}` is not in the answer"),
        ([INSTANCE, CALL | {"with": {"GroupId.1": "sg-1"}}], "groups: nothing of it tells the values of `each` apart"),
        ([INSTANCE | {"keeps": "3h"}], "instance: `keeps` is a number of days"),
        ([INSTANCE | {"without": "none"}], "instance: `without` says nothing where there is no `each`"),
        ([POLICY | {"with": {}}], "p: `policy` must be ''"),
        ([POLICY | {"path": "/{subject}/{region}"}], "p: the path is /{Bucket}?policy"),
        ([BUCKETS | {"method": "GET"}], "b: the method is POST"),
        ([BUCKETS | {"with": {"criteria": {"bucketName": {"equals": ["x"]}}}}], "b: `criteria.bucketName.equals` is no parameter"),
        ([LOOKUP | {"with": {"StartTime": "{from}"}}], "l: `StartTime` is a moment: a number"),
        (
            [LOOKUP | {"with": {"LookupAttributes": [{"AttributeKey": "UserName", "AttributeValue": "x"}]}}],
            "l: `LookupAttributes.0.AttributeKey` may be EventId, EventName, ReadOnly, Username, ResourceType, ResourceName, EventSource, AccessKeyId",
        ),
        ([LOOKUP | {"with": {"MaxResults": "5"}}], "l: `MaxResults` must be integer"),
        ([TABLE | {"absent": ["NoSuchTable"]}], "t: it never answers `NoSuchTable`, only InternalServerError, ResourceNotFoundException"),
    ],
)
def test_a_call_that_aws_would_not_understand_is_found(calls, expected):
    assert expected in faults_of(*calls)


QUERY = {"name": "q", "table": "vpc_flow_logs", "each": "instance:/reservationSet/item/*/instancesSet/item/*/subnetId", "sql": "SELECT 1 FROM t WHERE x = '{each}'"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"tabel": "t"}, ["q: `tabel` is no field"]),
        ({"table": "flow_logs"}, ["q: there is no table `flow_logs`"]),
        ({"about": ["bucket"], "each": []}, ["q: it is about bucket, which its source is not", "q: there is no `each` for `{each}`"]),
        ({"sql": "SELECT '{each}', '{day}'"}, ["q: `{day}` means nothing"]),
        ({"sql": "SELECT 1"}, ["q: nothing of it tells the values of `each` apart"]),
        ({"each": "instances:/x"}, ["q: no earlier call of these kinds is named `instances`"]),
    ],
)
def test_a_search_that_cannot_be_made_is_found(changed, expected):
    assert faults_of(INSTANCE, query=[QUERY | changed]) == expected


def test_a_document_with_a_field_that_nobody_reads_is_found():
    document = {"name": "d", "document": "Tocsin-Preserve", "with": {}, "wiht": {}}
    assert faults_of(INSTANCE, document=[document]) == ["d: `wiht` is no field"]


def test_a_gap_that_rests_on_nothing_is_found():
    gap = {"name": "g", "unless": ["instance:/reservation"], "reason": "r"}
    assert faults_of(INSTANCE, gap=[gap]) == ["g: `reservation` of `/reservation` is not in the answer"]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"protocol": "query"}, "`protocol` is 'query', AWS says 'json'"),
        ({"target": "CloudTrail"}, "`target` is 'CloudTrail', AWS says 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101'"),
        ({"host": "trail"}, "`host` is 'trail', AWS says 'cloudtrail.{region}.{suffix}'"),
        ({"signing": "trail"}, "`signing` is 'trail', AWS says 'cloudtrail'"),
        ({"region": "x"}, "`region` is no field"),
    ],
)
def test_a_service_that_is_asked_wrongly_is_found(changed, expected):
    assert expected in evidence_calls.service_faults("cloudtrail", services()["cloudtrail"] | changed)
