"""Files that were too large for an answer; each goes with its request, whoever removes that."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

_CASCADE = """
ALTER TABLE aws_storedfile ADD CONSTRAINT file_of_a_request
FOREIGN KEY (request_id) REFERENCES core_servicerequest ON DELETE CASCADE
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0005_plain_results"),
    ]

    operations = [
        migrations.CreateModel(
            name="StoredFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=1024, unique=True)),
                ("asked", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[("making", "Making"), ("made", "Made"), ("failed", "Failed")], max_length=6
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField()),
                ("claimed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("until", models.DateTimeField()),
                ("begun", models.BooleanField(db_default=False)),
                ("error", models.TextField(blank=True)),
                (
                    "request",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="core.servicerequest",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "making")), fields=["until"], name="file_being_made")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["making", "made", "failed"])), name="file_state_known"
                    ),
                    models.CheckConstraint(condition=models.Q(("attempt__gte", 1)), name="file_attempt_from_one"),
                ],
            },
        ),
        migrations.RunSQL(_CASCADE, "ALTER TABLE aws_storedfile DROP CONSTRAINT file_of_a_request"),
    ]
