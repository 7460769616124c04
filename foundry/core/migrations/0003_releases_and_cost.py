import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("service", models.CharField(max_length=100)),
                ("name", models.CharField(max_length=100)),
                ("function", models.CharField(max_length=100)),
                ("version", models.CharField(max_length=50)),
                ("service_version", models.CharField(max_length=50)),
                ("commit", models.CharField(blank=True, max_length=100)),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("recorded_by", models.CharField(max_length=150)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("candidate", "Candidate"),
                            ("live", "Live"),
                            ("draining", "Draining"),
                            ("retired", "Retired"),
                        ],
                        max_length=9,
                    ),
                ),
                ("share", models.FloatField(null=True)),
                ("pruned_at", models.DateTimeField(null=True)),
                ("changed_by", models.CharField(max_length=150)),
            ],
        ),
        migrations.CreateModel(
            name="ReleaseChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("by", models.CharField(max_length=150)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("candidate", "Candidate"),
                            ("live", "Live"),
                            ("draining", "Draining"),
                            ("retired", "Retired"),
                        ],
                        max_length=9,
                    ),
                ),
                ("share", models.FloatField(null=True)),
                ("pruned", models.BooleanField(default=False)),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="core.release"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="attempt",
            name="billed_from",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="attempt",
            name="left_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="attempt",
            name="memory_mb",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="attempt",
            name="price_list",
            field=models.CharField(max_length=100, null=True),
        ),
        migrations.AddField(
            model_name="attempt",
            name="slot_ends_by",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="attempt",
            name="usd_for_invocation",
            field=models.DecimalField(decimal_places=12, max_digits=16, null=True),
        ),
        migrations.AddField(
            model_name="attempt",
            name="usd_per_gb_second",
            field=models.DecimalField(decimal_places=12, max_digits=16, null=True),
        ),
        migrations.AddField(
            model_name="attempt",
            name="billed_ms",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.expressions.RawSQL(
                    "CASE WHEN finished_at IS NOT NULL AND billed_from IS NOT NULL THEN ceil(1000 * extract(\n    epoch FROM greatest(least(coalesce(left_at, finished_at), slot_ends_by), billed_from) - billed_from\n)) END",
                    (),
                ),
                output_field=models.BigIntegerField(null=True),
            ),
        ),
        migrations.AddField(
            model_name="attempt",
            name="cost_usd",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.expressions.RawSQL(
                    "usd_for_invocation + usd_per_gb_second * memory_mb / 1024 * (CASE WHEN finished_at IS NOT NULL AND billed_from IS NOT NULL THEN ceil(1000 * extract(\n    epoch FROM greatest(least(coalesce(left_at, finished_at), slot_ends_by), billed_from) - billed_from\n)) END) / 1000",
                    (),
                ),
                output_field=models.DecimalField(decimal_places=12, max_digits=20, null=True),
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(("left_at__isnull", True), ("finished_at__isnull", False), _connector="OR"),
                name="attempt_left_when_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("billed_from__isnull", False),
                        ("memory_mb__isnull", False),
                        ("price_list__isnull", False),
                        ("slot_ends_by__isnull", False),
                        ("usd_for_invocation__isnull", False),
                        ("usd_per_gb_second__isnull", False),
                    ),
                    models.Q(
                        ("billed_from__isnull", True),
                        ("memory_mb__isnull", True),
                        ("price_list__isnull", True),
                        ("slot_ends_by__isnull", True),
                        ("usd_for_invocation__isnull", True),
                        ("usd_per_gb_second__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="attempt_billed_or_not",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(fields=("service", "name"), name="one_release_per_service_and_name"),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "live")), fields=("service",), name="one_live_release_per_service"
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "candidate")), fields=("service",), name="one_candidate_per_service"
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["candidate", "live", "draining", "retired"])),
                name="release_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("name", django.db.models.functions.text.Concat("function", models.Value(":"), "version"))
                ),
                name="release_named_by_what_is_invoked",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("share__isnull", False), ("share__range", (0, 1)), ("state", "candidate")),
                    models.Q(models.Q(("state", "candidate"), _negated=True), ("share__isnull", True)),
                    _connector="OR",
                ),
                name="release_share_of_a_candidate",
            ),
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.CheckConstraint(
                condition=models.Q(("pruned_at__isnull", True), ("state", "retired"), _connector="OR"),
                name="release_pruned_when_retired",
            ),
        ),
    ]
