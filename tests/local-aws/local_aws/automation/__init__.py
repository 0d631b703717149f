"""SSM Automation: documents run step by step against the emulated services.

Neither emulator runs Automation documents, and they are where Tocsin's power over EC2, IAM and S3 sits. What a document may
hold is what this package runs; everything else is refused when the document is created, by name.
"""
