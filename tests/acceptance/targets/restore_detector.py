"""A detector that somebody suspended, or made blind."""

import uuid

from targets import Target, without

SWITCHED_OFF = [
    {"Name": "S3_DATA_EVENTS", "Status": "DISABLED"},
    {"Name": "RDS_LOGIN_EVENTS", "Status": "ENABLED"},
    {"Name": "LAMBDA_NETWORK_LOGS", "Status": "DISABLED"},
    {
        "Name": "RUNTIME_MONITORING",
        "Status": "DISABLED",
        "AdditionalConfiguration": [
            {"Name": "EKS_ADDON_MANAGEMENT", "Status": "DISABLED"},
            {"Name": "EC2_AGENT_MANAGEMENT", "Status": "DISABLED"},
        ],
    },
]
ONE_PART_OFF = [
    {
        "Name": "RUNTIME_MONITORING",
        "Status": "ENABLED",
        "AdditionalConfiguration": [
            {"Name": "EKS_ADDON_MANAGEMENT", "Status": "ENABLED"},
            {"Name": "EC2_AGENT_MANAGEMENT", "Status": "DISABLED"},
        ],
    }
]
WANTED = ["S3_DATA_EVENTS", "RDS_LOGIN_EVENTS", "RUNTIME_MONITORING/EC2_AGENT_MANAGEMENT"]


class RestoreDetector(Target):
    action = "restore-detector"
    kinds = {
        "suspended, plans off, findings archived": {
            "features": SWITCHED_OFF,
            "wanted": WANTED,
            "filters": {"noise": "ARCHIVE", "mine": "NOOP"},
        },
        "suspended, no plans wanted": {"features": SWITCHED_OFF},
        "one part of a plan off": {"enable": True, "often": True, "features": ONE_PART_OFF, "wanted": WANTED[2:]},
        "seldom published": {"enable": True},
        "never touched": {"enable": True, "often": True},
    }

    def __init__(self, aws, enable=False, often=False, features=(), wanted=(), filters=()):
        self.guardduty, self.wanted = aws.client("guardduty"), list(wanted)
        frequency = "FIFTEEN_MINUTES" if often else "SIX_HOURS"
        made = self.guardduty.create_detector(Enable=enable, FindingPublishingFrequency=frequency, Features=list(features))
        self.id = made["DetectorId"]
        for name, action in dict(filters).items():
            criteria = {"Criterion": {"severity": {"Lt": 5}}}
            token = uuid.uuid4().hex
            self.guardduty.create_filter(
                DetectorId=self.id,
                Name=name,
                Action=action,
                Description="",
                Rank=1,
                FindingCriteria=criteria,
                ClientToken=token,
            )

    @property
    def parameters(self) -> dict:
        return {"Features": self.wanted} if self.wanted else {}

    def everything(self) -> dict:
        names = self.guardduty.list_filters(DetectorId=self.id)["FilterNames"]
        filters = [self.guardduty.get_filter(DetectorId=self.id, FilterName=name) for name in names]
        detector = without(self.guardduty.get_detector(DetectorId=self.id), "ResponseMetadata", "UpdatedAt")
        return {"detector": detector, "filters": [without(one, "ResponseMetadata") for one in filters]}

    def plans(self, detector: dict) -> dict[str, str]:
        found = {one["Name"]: one["Status"] for one in detector["Features"]}
        for one in detector["Features"]:
            found |= {f"{one['Name']}/{part['Name']}": part["Status"] for part in one.get("AdditionalConfiguration", [])}
        return found

    def assert_contained(self, found: dict, observation: dict) -> None:
        now = self.everything()
        assert now["filters"] == found["filters"]
        detector = now["detector"]
        assert (detector["Status"], detector["FindingPublishingFrequency"]) == ("ENABLED", "FIFTEEN_MINUTES")
        expected = self.plans(found["detector"])
        for name in self.wanted:
            expected |= {name: "ENABLED", name.split("/")[0]: "ENABLED"}
        assert self.plans(detector) == expected
        assert observation["status"] == "ENABLED"
        assert {one["feature"]: one["status"] for one in observation["features"]} == expected
        assert all(one in observation["features"] for one in observation["wanted"])
        assert observation["archiving_filters"] == [one["Name"] for one in now["filters"] if one["Action"] == "ARCHIVE"]
