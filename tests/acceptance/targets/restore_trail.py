"""A trail that somebody tampered with."""

from targets import Target, unique, without

KEY = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0000-4000-8000-0123456789ab"
OBJECTS = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::customer-data/"]}
FUNCTIONS = {"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]}
WRITES = {
    "ReadWriteType": "WriteOnly",
    "IncludeManagementEvents": True,
    "DataResources": [OBJECTS],
    "ExcludeManagementEventSources": ["kms.amazonaws.com"],
}
NO_MANAGEMENT = {
    "ReadWriteType": "ReadOnly",
    "IncludeManagementEvents": False,
    "DataResources": [FUNCTIONS],
    "ExcludeManagementEventSources": [],
}
MANAGEMENT = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}
OF_OBJECTS = {
    "Name": "objects",
    "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
    ],
}
ONLY_WRITES = {
    "Name": "changes",
    "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["false"]}],
}
ALL_ADVANCED = {"Name": "Management events", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
EVERYTHING_WANTED = {
    "MultiRegion": "true",
    "LogFileValidation": "true",
    "ManagementEvents": "All",
    "BucketName": "company-trails",
    "KeyPrefix": "trails",
    "KmsKeyArn": KEY,
}


class RestoreTrail(Target):
    action = "restore-trail"
    kinds = {
        "stopped, narrowed and led elsewhere": {"selectors": [WRITES, NO_MANAGEMENT], "wanted": EVERYTHING_WANTED},
        "advanced selectors": {"advanced": [ONLY_WRITES, OF_OBJECTS], "wanted": {"ManagementEvents": "All"}, "logging": True},
        "no room for a selector": {"selectors": [NO_MANAGEMENT] * 5, "wanted": {"ManagementEvents": "All"}},
        "stopped, by its ARN": {"by_arn": True},
        "in another region": {"by_arn": True, "region": "us-west-2", "wanted": EVERYTHING_WANTED},
        "never touched": {"logging": True, "wanted": {"ManagementEvents": "All", "BucketName": "elsewhere"}},
    }

    def __init__(self, aws, selectors=(), advanced=(), wanted=None, logging=False, by_arn=False, region=None):
        self.trails, self.name, self.parameters = aws.client("cloudtrail", region=region), unique("company"), wanted or {}
        arn = self.trails.create_trail(Name=self.name, S3BucketName="elsewhere", IncludeGlobalServiceEvents=False)["TrailARN"]
        self.id = arn if by_arn else self.name
        if selectors:
            self.trails.put_event_selectors(TrailName=self.name, EventSelectors=list(selectors))
        if advanced:
            self.trails.put_event_selectors(TrailName=self.name, AdvancedEventSelectors=list(advanced))
        self.trails.start_logging(Name=self.name)
        if not logging:
            self.trails.stop_logging(Name=self.name)

    def everything(self) -> dict:
        return {
            "trail": self.trails.get_trail(Name=self.name)["Trail"],
            "logging": self.trails.get_trail_status(Name=self.name)["IsLogging"],
            "selectors": without(self.trails.get_event_selectors(TrailName=self.name), "ResponseMetadata"),
        }

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert now["logging"] is True
        changed = {
            "MultiRegion": {"IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": True},
            "LogFileValidation": {"LogFileValidationEnabled": True},
            "BucketName": {"S3BucketName": self.parameters.get("BucketName")},
            "KeyPrefix": {"S3KeyPrefix": "trails"},
            "KmsKeyArn": {"KmsKeyId": KEY},
        }
        expected = dict(found["trail"])
        for parameter, values in changed.items():
            expected |= values if parameter in self.parameters else {}
        assert without(now["trail"], "HasCustomEventSelectors") == without(expected, "HasCustomEventSelectors")
        assert without(now["selectors"], "TrailARN") == self.selectors_wanted(without(found["selectors"], "TrailARN"))
        assert (observation["target"], observation["logging"]) == (self.id, True)
        shown = {one["setting"]: one["value"] for one in observation["settings"]}
        assert all(one in observation["settings"] for one in observation["wanted"])
        assert shown["S3BucketName"] == now["trail"]["S3BucketName"]
        assert shown["IsMultiRegionTrail"] == now["trail"]["IsMultiRegionTrail"]
        assert observation["selectors"] == without(now["selectors"], "TrailARN")

    def selectors_wanted(self, found: dict) -> dict:
        if "ManagementEvents" not in self.parameters:
            return found
        if "AdvancedEventSelectors" in found:
            return {"AdvancedEventSelectors": [ALL_ADVANCED, OF_OBJECTS]}
        selectors = found["EventSelectors"]
        if selectors == [MANAGEMENT]:
            return found
        if len(selectors) == 5:
            return {"EventSelectors": [{**MANAGEMENT, "DataResources": [FUNCTIONS]}, *[NO_MANAGEMENT] * 4]}
        of_objects = {**WRITES, "IncludeManagementEvents": False, "ExcludeManagementEventSources": []}
        return {"EventSelectors": [MANAGEMENT, of_objects, NO_MANAGEMENT]}
