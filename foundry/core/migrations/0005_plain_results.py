"""Results are written by the thousand; parsing them and keeping them in pieces took half of the time of writing them."""

from django.db import migrations

import foundry.core.models

_CREATE = """
-- In the row as long as it fits into a page, never compressed.
ALTER TABLE core_result ALTER COLUMN "values" SET STORAGE EXTERNAL;
ALTER TABLE core_result SET (toast_tuple_target = 8160);
"""

_DROP = "ALTER TABLE core_result RESET (toast_tuple_target);"


class Migration(migrations.Migration):
    dependencies = [("core", "0004_release_guards")]
    operations = [
        migrations.AlterField(
            model_name="result", name="values", field=foundry.core.models.UncheckedJSONField(null=True)
        ),
        migrations.RunSQL(_CREATE, _DROP),
    ]
