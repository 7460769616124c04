from django.db import migrations, models

import foundry.core.models

#: A cache, which need not survive a crash; its values are bytes that do not get shorter.
_AS_A_CACHE = """
ALTER TABLE core_resultcolumn SET UNLOGGED;
ALTER TABLE core_resultcolumn ALTER COLUMN values SET STORAGE EXTERNAL, ALTER COLUMN "order" SET STORAGE EXTERNAL;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0007_measured_jobs")]

    operations = [
        migrations.CreateModel(
            name="ResultColumn",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "request_id", "path", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("path", models.CharField(max_length=200)),
                ("kind", models.CharField(max_length=6)),
                ("made_of", models.CharField(max_length=50)),
                ("made_at", models.DateTimeField()),
                ("made_in_s", models.FloatField()),
                ("values", models.BinaryField()),
                ("order", models.BinaryField(null=True)),
                ("summary", foundry.core.models.TextJSONField(null=True)),
                (
                    "request",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=models.deletion.DO_NOTHING,
                        related_name="+",
                        to="core.servicerequest",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(_AS_A_CACHE, migrations.RunSQL.noop),
    ]
