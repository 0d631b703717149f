"""The Automation documents that preserve evidence by changing something: snapshots, their copies, a dump of memory.

Each is a folder of `infra/preservation`: `preserve.toml` says what it is and what it is given, `preserve.py` has the function `preserve`, which
does what can be done now and answers, `policy.json` what its role may do. What several of them use lies beside the folders.
"""

import json
import pathlib
import tomllib

from automation import (
    INCIDENT_PARAMETER,
    Scripts,
    document_resource,
    own_parameter,
    pascal,
    payload_for,
    role_parameter,
    role_resource,
    script_step,
    snake,
)

STEP = "Preserve"
ATTEMPT = {
    "type": "String",
    "description": "Which try this is. A run with another number is another automation, and goes on where the last one ended.",
    "default": "1",
    "allowedPattern": "^[1-9][0-9]{0,3}$",
}
# Where it is deployed: (condition of the role, condition of the document).
CONDITIONS = {"member": ("IsHomeRegion", None), "evidence": ("IsHomeRegionOfEvidence", "IsEvidenceAccount")}


class Preservation:
    """One way to preserve, and its document."""

    def __init__(self, folder: pathlib.Path):
        self.folder, self.id = folder, folder.name
        self.spec = tomllib.loads((folder / "preserve.toml").read_text(encoding="utf-8"))
        self.scripts = Scripts(folder / "preserve.py")
        self.scripts.require("preserve")
        self.policy = json.loads((folder / "policy.json").read_text(encoding="utf-8"))

    @property
    def name(self) -> str:
        """Of the document, and of its role."""
        return f"Tocsin-{pascal(self.id)}"

    def document(self) -> dict:
        parameters = {
            "AutomationAssumeRole": role_parameter(self.name),
            "IncidentId": INCIDENT_PARAMETER,
            **{name: own_parameter(own) for name, own in self.spec["parameters"].items()},
            "Attempt": ATTEMPT,
        }
        script = self.scripts.of("preserve(events)")
        step = script_step(STEP, self.spec["does"], script, ["answer"], timeout=300)
        given = payload_for(script, {snake(name): f"{{{{ {name} }}}}" for name in parameters})
        # In the record of the run it stands in any case.
        step["inputs"]["InputPayload"] = {**given, "attempt": "{{ Attempt }}"}
        return {
            "schemaVersion": "0.3",
            "description": f"{self.spec['title']}. Nothing undoes it: evidence is kept.",
            "assumeRole": "{{ AutomationAssumeRole }}",
            "parameters": parameters,
            "outputs": [f"{STEP}.Answer"],
            "mainSteps": [{**step, "isEnd": True}],
        }

    def command(self) -> dict | None:
        """What Systems Manager's agent runs for it, as a Command document."""
        spec = self.spec.get("command")
        if spec is None:
            return None
        script = (self.folder / spec["script"]).read_text(encoding="utf-8")
        lines = [line for line in script.splitlines() if not line.startswith("#")]
        return {
            "schemaVersion": "2.2",
            "description": spec["description"],
            "parameters": {name: own_parameter(own) for name, own in spec["parameters"].items()},
            "mainSteps": [
                {
                    "action": "aws:runShellScript",
                    "name": spec["name"].removeprefix("Tocsin-"),
                    "precondition": {"StringEquals": ["platformType", "Linux"]},
                    "inputs": {"timeoutSeconds": spec["time_limit"], "runCommand": lines},
                }
            ],
        }

    def resources(self, after: str | None) -> dict:
        """The role and the document, as CloudFormation makes them."""
        of_role, of_document = CONDITIONS[self.spec["account"]]
        description = f"{self.spec['title']}. Assumed by Systems Manager alone."
        logical, document = document_resource(self.name, self.document(), after)
        if of_document:
            document["Condition"] = of_document
        found = {f"{pascal(self.id)}Role": role_resource(self.name, description, self.policy, of_role), logical: document}
        if command := self.command():
            logical, document = document_resource(self.spec["command"]["name"], command, logical)
            document["Properties"]["DocumentType"] = "Command"
            found[logical] = document
        return found


def documents(infra: pathlib.Path) -> list[Preservation]:
    """What is deployed everywhere comes first: nothing waits for a document that only one account has."""
    found = [Preservation(file.parent) for file in sorted((infra / "preservation").glob("*/preserve.toml"))]
    return sorted(found, key=lambda one: list(CONDITIONS).index(one.spec["account"]))
