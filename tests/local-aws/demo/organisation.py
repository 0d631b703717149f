"""The settings of the sample shop, as its privacy team would keep them in the vault. Every name in them is made up."""

import json

PATH = "settings/organisation.json"
RESPONDER = "incident-response"
SENDER = "privacy@shop.example"
SENDER_DOMAIN = "shop.example"

AFFECTED = {"DE": 30_000, "US-CA": 1_200}

RECIPIENTS = {
    "eu-gdpr-33-1": {
        "name": "Beispiel-Datenschutzaufsicht",
        "email": "breach-desk@authority.example",
        "language": "de",
    },
    "us-ca-ind": {
        "name": "Customers who live in California",
        "email": "customers-california@shop.example",
        "language": "en",
    },
    "us-ca-reg": {
        "name": "Office of the Attorney General (sample)",
        "email": "breach-desk@attorney-general.example",
        "language": "en",
    },
}


def settings(account: str, buckets: list[str], protected: list[str] = ()) -> dict:
    """A German controller whose customer data lies in `buckets`."""
    return {
        "name": "Beispielshop GmbH",
        "address": "Musterweg 1, 10115 Berlin, Germany",
        "privacy_contact": {"name": "Dr. Ada Muster", "email": "privacy@shop.example", "phone": "+49 30 0000000"},
        "facts": {
            "gdpr_applies": True,
            "entity.role": "controller",
            "entity.eu_establishment": True,
            "entity.main_establishment": "DE",
            "tz": "Europe/Berlin",
        },
        "data_inventory": [
            {
                "resource": bucket,
                "description": "Kundenkonten: Name, Anschrift, E-Mail-Adresse mit Passwort-Hash, Geburtsdatum",
                "subjects": ["customers"],
                "data_classes": ["email_password", "dob"],
                "affected": AFFECTED,
            }
            for bucket in buckets
        ],
        "recipients": RECIPIENTS,
        "protected": list(protected),
        "actions_an_incident": 10,
        "responders": [f"arn:aws:iam::{account}:role/{RESPONDER}"],
    }


def put(aws, vault: str, document: dict) -> None:
    body = json.dumps(document, indent=2, ensure_ascii=False).encode()
    aws.client("s3").put_object(Bucket=vault, Key=PATH, Body=body, ContentType="application/json", ChecksumAlgorithm="SHA256")
